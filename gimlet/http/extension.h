/* extension.h: from a file's name to its media type. */
#ifndef HTTP_EXTENSION_H
#define HTTP_EXTENSION_H

#include <gimlet/str.h>

/** The media type that the extension of `path` stands for (letters in any case), with the charset
 *  where the type wants one: "text/html; charset=utf-8". What is not in the table, or has no
 *  extension: "application/octet-stream". A static string. */
gim_str gim_media_type_of(gim_str path);
/** The extension, without the dot: "gz" of "a.b/site.tar.gz"; empty when the last name has none. A
 *  dot that begins the name begins no extension. */
gim_str gim_extension_of(gim_str path);

#endif
