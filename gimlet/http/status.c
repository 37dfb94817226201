/* status.c: the one table of status codes.
 *
 * The rows are rendered by the preprocessor as whole status lines laid end to end in one constant,
 * with 16-bit places beside it: no pointers, so a position-independent program has nothing to
 * relocate (and no page to dirty) at start. */
#include "status.h"

#define FIRST 100
#define LAST 511
#define VERSION "HTTP/1.1 "

#define STATUSES(X)                                                                                \
    X(100, "Continue")                                                                             \
    X(101, "Switching Protocols")                                                                  \
    X(103, "Early Hints")                                                                          \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(203, "Non-Authoritative Information")                                                        \
    X(204, "No Content")                                                                           \
    X(205, "Reset Content")                                                                        \
    X(206, "Partial Content")                                                                      \
    X(207, "Multi-Status")                                                                         \
    X(208, "Already Reported")                                                                     \
    X(226, "IM Used")                                                                              \
    X(300, "Multiple Choices")                                                                     \
    X(301, "Moved Permanently")                                                                    \
    X(302, "Found")                                                                                \
    X(303, "See Other")                                                                            \
    X(304, "Not Modified")                                                                         \
    X(305, "Use Proxy")                                                                            \
    X(307, "Temporary Redirect")                                                                   \
    X(308, "Permanent Redirect")                                                                   \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(402, "Payment Required")                                                                     \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(406, "Not Acceptable")                                                                       \
    X(407, "Proxy Authentication Required")                                                        \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(410, "Gone")                                                                                 \
    X(411, "Length Required")                                                                      \
    X(412, "Precondition Failed")                                                                  \
    X(413, "Content Too Large")                                                                    \
    X(414, "URI Too Long")                                                                         \
    X(415, "Unsupported Media Type")                                                               \
    X(416, "Range Not Satisfiable")                                                                \
    X(417, "Expectation Failed")                                                                   \
    X(421, "Misdirected Request")                                                                  \
    X(422, "Unprocessable Content")                                                                \
    X(423, "Locked")                                                                               \
    X(424, "Failed Dependency")                                                                    \
    X(425, "Too Early")                                                                            \
    X(426, "Upgrade Required")                                                                     \
    X(428, "Precondition Required")                                                                \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(451, "Unavailable For Legal Reasons")                                                        \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")                                                           \
    X(506, "Variant Also Negotiates")                                                              \
    X(507, "Insufficient Storage")                                                                 \
    X(508, "Loop Detected")                                                                        \
    X(511, "Network Authentication Required")

#define LINE(code, phrase) VERSION #code " " phrase "\r\n"

struct lines {
#define MEMBER(code, phrase) char s##code[sizeof(LINE(code, phrase))];
    STATUSES(MEMBER)
};

static const struct lines lines = {
#define TEXT(code, phrase) .s##code = LINE(code, phrase),
    STATUSES(TEXT)};

static const struct row {
    uint16_t at, len;
} rows[LAST - FIRST + 1] = {
#define ROW(code, phrase)                                                                          \
    [code - FIRST] = {(uint16_t)offsetof(struct lines, s##code), sizeof(LINE(code, phrase)) - 1},
    STATUSES(ROW)};

gim_str gim_status_line(int status)
{
    gim_str line = {0};

    if (status >= FIRST && status <= LAST && rows[status - FIRST].len) {
        line.ptr = (const char *)&lines + rows[status - FIRST].at;
        line.len = rows[status - FIRST].len;
    }
    return line;
}

gim_str gim_status_phrase(int status)
{
    gim_str line = gim_status_line(status);
    size_t before = sizeof(VERSION "000 ") - 1;

    if (!line.ptr)
        return GIM_S("Unknown");
    return (gim_str){line.ptr + before, line.len - before - 2};
}
