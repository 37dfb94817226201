/* test_file.c: files beneath a root, by openat2 and by walking; temporary files and their names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "../../../gimlet/net/file.h"
#include "folder.h"

/* A directory of the test's own:
 *   outside.txt  root/a.txt  root/sub/b.txt  root/sub/deep/c.txt  root/.dot
 *   root/link -> a.txt   root/dirlink -> sub   root/out -> ../outside.txt   root/abs -> /etc/passwd
 *   root/up -> ..   root/loop -> loop   root/fifo   root/socket   root/secret (mode 0) */
static char dir[64];
static int root;

static const char *at(const char *name)
{
    static char path[4][256];
    static int n;

    n = (n + 1) % 4;
    snprintf(path[n], sizeof path[n], "%s/%s", dir, name);
    return path[n];
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(at(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    snprintf(dir, sizeof dir, "/tmp/gimlet-file-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    mkdir(at("root"), 0755);
    mkdir(at("root/sub"), 0755);
    mkdir(at("root/sub/deep"), 0755);
    put("outside.txt", "outside");
    put("root/a.txt", "aaaa");
    put("root/sub/b.txt", "bb");
    put("root/sub/deep/c.txt", "c");
    put("root/.dot", "dot");
    put("root/secret", "secret");
    chmod(at("root/secret"), 0);
    assert_int_equal(symlink("a.txt", at("root/link")), 0);
    assert_int_equal(symlink("sub", at("root/dirlink")), 0);
    assert_int_equal(symlink("../outside.txt", at("root/out")), 0);
    assert_int_equal(symlink("/etc/passwd", at("root/abs")), 0);
    assert_int_equal(symlink("..", at("root/up")), 0);
    assert_int_equal(symlink("loop", at("root/loop")), 0);
    assert_int_equal(mkfifo(at("root/fifo"), 0644), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", at("root/socket"));
    assert_int_equal(bind(s, (const struct sockaddr *)&address, sizeof address), 0);
    close(s);
    root = gim_file_root(at("root"));
    return root < 0 ? -1 : 0;
}

static int clean(void **state)
{
    char command[128];

    (void)state;
    gim_file_close(root);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

struct row {
    const char *path;
    const char *want;   /* the file's text; "/": a directory; NULL: refused */
    const char *follow; /* the same when links are followed */
};

static const char *kind(int result, struct gim_file *f, char text[64])
{
    ptrdiff_t n;

    if (result)
        return "refused";
    if (f->kind == GIM_FILE_DIRECTORY) {
        assert_int_equal(f->fd, -1);
        return "/";
    }
    n = gim_file_read(f->fd, 0, text, 63);
    assert_int_equal(n, f->size);
    text[n] = '\0';
    gim_file_close(f->fd);
    return text;
}

static const struct row rows[] = {
    {"a.txt", "aaaa", "aaaa"},
    {"sub/b.txt", "bb", "bb"},
    {"sub/deep/c.txt", "c", "c"},
    {".dot", "dot", "dot"},
    {"sub", "/", "/"},
    {"sub/deep", "/", "/"},
    {"link", NULL, "aaaa"},
    {"dirlink/b.txt", NULL, "bb"},
    {"dirlink", NULL, "/"},
    {"out", NULL, NULL},
    {"abs", NULL, NULL},
    {"up", NULL, NULL},
    {"up/outside.txt", NULL, NULL},
    {"loop", NULL, NULL},
    {"fifo", NULL, NULL},
    {"socket", NULL, NULL},
    {"nothing", NULL, NULL},
    {"a.txt/", NULL, NULL},
    {"a.txt/x", NULL, NULL},
    {"sub/", NULL, NULL},
    {"", NULL, NULL},
    {"/", NULL, NULL},
    {"/a.txt", NULL, NULL},
    {"/etc/passwd", NULL, NULL},
    {"//a.txt", NULL, NULL},
    {"sub//b.txt", NULL, NULL},
    {".", NULL, NULL},
    {"./a.txt", NULL, NULL},
    {"..", NULL, NULL},
    {"../outside.txt", NULL, NULL},
    {"sub/../a.txt", NULL, NULL},
    {"sub/../../outside.txt", NULL, NULL},
    {"sub/.", NULL, NULL},
    {"sub/..", NULL, NULL},
};

static void check(unsigned flags)
{
    bool follow = flags & GIM_FILE_FOLLOW && !(flags & GIM_FILE_WALK);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *want = follow ? rows[i].follow : rows[i].want;
        struct gim_file f;
        char text[64];
        int result = gim_file_open_beneath(root, gim_str_of(rows[i].path), flags, &f);
        const char *got = kind(result, &f, text);

        if (strcmp(got, want ? want : "refused") != 0)
            fail_msg("\"%s\" (flags %u): %s, want %s", rows[i].path, flags, got,
                     want ? want : "refused");
        if (result)
            assert_true(errno && f.fd == -1);
    }
}

static void paths_stay_beneath_the_root(void **state)
{
    (void)state;
    check(0);
    check(GIM_FILE_FOLLOW);
}

static void walking_refuses_the_same(void **state)
{
    (void)state;
    check(GIM_FILE_WALK);
    check(GIM_FILE_WALK | GIM_FILE_FOLLOW);
}

static void names_that_no_file_has_are_refused(void **state)
{
    char path[8000];
    struct gim_file f;

    (void)state;
    memset(path, 'a', sizeof path);
    for (unsigned flags = 0; flags <= GIM_FILE_WALK; flags += GIM_FILE_WALK) {
        assert_int_equal(gim_file_open_beneath(root, (gim_str){"a.txt\0.png", 10}, flags, &f), -1);
        assert_int_equal(errno, ENOENT);
        assert_int_equal(gim_file_open_beneath(root, (gim_str){path, 300}, flags, &f), -1);
        assert_int_equal(errno, ENAMETOOLONG);
        assert_int_equal(gim_file_open_beneath(root, (gim_str){path, sizeof path}, flags, &f), -1);
        assert_int_equal(gim_file_open_beneath(root, (gim_str){0}, flags, &f), -1);
    }
}

static void what_a_file_is_comes_with_it(void **state)
{
    struct timespec times[2] = {{1, 0}, {1234567890, 987654321}};
    struct gim_file f, g;
    struct stat st;

    (void)state;
    assert_int_equal(utimensat(AT_FDCWD, at("root/a.txt"), times, 0), 0);
    assert_int_equal(stat(at("root/a.txt"), &st), 0);
    assert_int_equal(gim_file_open_beneath(root, GIM_S("a.txt"), 0, &f), 0);
    assert_int_equal(f.kind, GIM_FILE_REGULAR);
    assert_int_equal(f.size, 4);
    assert_int_equal(f.modified_ns, 1234567890987654321);
    assert_int_equal(f.inode, st.st_ino);
    assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
    /* replaced: the open one is the old version */
    put("root/new", "other");
    assert_int_equal(rename(at("root/new"), at("root/a.txt")), 0);
    assert_int_equal(gim_file_open_beneath(root, GIM_S("a.txt"), 0, &g), 0);
    assert_true(g.inode != f.inode);
    gim_file_close(g.fd);
    gim_file_close(f.fd);
    put("root/a.txt", "aaaa");
}

static void no_descriptor_is_left(void **state)
{
    int before = names_in("/proc/self/fd");

    (void)state;
    check(0);
    check(GIM_FILE_WALK);
    assert_int_equal(names_in("/proc/self/fd"), before);
}

static void a_root_must_be_a_directory(void **state)
{
    (void)state;
    assert_int_equal(gim_file_root(at("root/a.txt")), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(gim_file_root(at("nowhere")), -1);
    assert_int_equal(errno, ENOENT);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void temporary_files_have_no_name_until_they_are_linked(void **state)
{
    int fd = gim_file_temporary(dir);
    struct stat st;
    char text[16];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(gim_file_write(fd, "hello ", 6), 0);
    assert_int_equal(gim_file_write(fd, "", 0), 0);
    assert_int_equal(gim_file_write(fd, "world", 5), 0);
    assert_int_equal(gim_file_read(fd, 6, text, sizeof text), 5);
    assert_memory_equal(text, "world", 5);
    assert_int_equal(gim_file_link(fd, at("named"), 0640, true), 0);
    assert_int_equal(stat(at("named"), &st), 0);
    assert_int_equal(st.st_size, 11);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(gim_file_link(fd, at("named"), 0640, false), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(gim_file_link(fd, at("nowhere/named"), 0640, false), -1);
    assert_int_equal(errno, ENOENT);
    gim_file_close(fd);
}

static void what_has_the_name_is_replaced_in_one_step(void **state)
{
    int fd = gim_file_temporary(dir);
    char text[8];

    (void)state;
    put("replaced", "old");
    assert_int_equal(gim_file_write(fd, "new", 3), 0);
    assert_int_equal(gim_file_replace(fd, at("replaced"), 0644, true), 0);
    gim_file_close(fd);
    fd = open(at("replaced"), O_RDONLY);
    assert_int_equal(gim_file_read(fd, 0, text, sizeof text), 3);
    assert_memory_equal(text, "new", 3);
    gim_file_close(fd);
}

static void links_are_made_in_the_working_directory_too(void **state)
{
    char was[4096];
    int fd = gim_file_temporary(dir);

    (void)state;
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(gim_file_link(fd, "plain", 0600, true), 0);
    assert_int_equal(chdir(was), 0);
    assert_int_equal(access(at("plain"), F_OK), 0);
    gim_file_close(fd);
}

static void temporary_files_need_a_directory(void **state)
{
    (void)state;
    assert_int_equal(gim_file_temporary(at("nowhere")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(gim_file_temporary(at("root/a.txt")), -1);
    gim_file_close(-1);
}

/* A limit on the size of files stands for the disk. */
static void a_full_disk_is_told(void **state)
{
    struct rlimit was, small = {4096, 4096};
    int fd = gim_file_temporary(dir);
    char block[8192] = {0};

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small.rlim_max = was.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(gim_file_write(fd, block, sizeof block), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    gim_file_close(fd);
}

/* One may write into the directory but not open it, so it cannot be synced: for others than root. */
static void a_replacement_that_fails_leaves_no_name_behind(void **state)
{
    bool is_root = geteuid() == 0;
    int fd;

    (void)state;
    assert_int_equal(mkdir(at("box"), 0755), 0);
    if (is_root) {
        assert_int_equal(chmod(dir, 0755), 0);
        assert_int_equal(chown(at("box"), 65534, 65534), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    assert_int_equal(chmod(at("box"), 0300), 0);
    fd = gim_file_temporary(at("box"));
    assert_true(fd >= 0);
    assert_int_equal(gim_file_write(fd, "new", 3), 0);
    assert_int_equal(gim_file_replace(fd, at("box/name"), 0644, true), -1);
    assert_int_equal(errno, EACCES);
    gim_file_close(fd);
    assert_int_equal(chmod(at("box"), 0700), 0);
    assert_int_equal(names_in(at("box")), 0);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(rmdir(at("box")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_stay_beneath_the_root),
        cmocka_unit_test(walking_refuses_the_same),
        cmocka_unit_test(names_that_no_file_has_are_refused),
        cmocka_unit_test(what_a_file_is_comes_with_it),
        cmocka_unit_test(no_descriptor_is_left),
        cmocka_unit_test(a_root_must_be_a_directory),
        cmocka_unit_test(temporary_files_have_no_name_until_they_are_linked),
        cmocka_unit_test(what_has_the_name_is_replaced_in_one_step),
        cmocka_unit_test(links_are_made_in_the_working_directory_too),
        cmocka_unit_test(temporary_files_need_a_directory),
        cmocka_unit_test(a_replacement_that_fails_leaves_no_name_behind),
        cmocka_unit_test(a_full_disk_is_told),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
