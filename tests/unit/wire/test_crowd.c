/* test_crowd.c: connections counted by address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gimlet/http/forwarded.h"
#include "gimlet/wire/crowd.h"

#define MAX 2
#define OVER 8
#define MANY 3000

static enum gim_crowded enter(struct gim_crowd *c, const char *text, uint64_t *key)
{
    struct gim_address a;

    assert_int_equal(gim_address_read(gim_str_of(text), &a), 0);
    return gim_crowd_enter(c, a.bytes, key);
}

static void an_address_has_its_share_then_a_word_then_none(void **state)
{
    struct gim_crowd *c = gim_crowd_new(MAX, NULL);
    uint64_t keys[MAX + OVER + 1], other;

    (void)state;
    for (int i = 0; i < MAX + OVER + 1; i++) {
        enum gim_crowded got = enter(c, "192.0.2.1", &keys[i]);

        assert_int_equal(got, i < MAX          ? GIM_CROWD_ROOM
                              : i < MAX + OVER ? GIM_CROWD_FULL
                                               : GIM_CROWD_CUT);
        assert_true(keys[i] != 0);
    }
    assert_int_equal(enter(c, "192.0.2.2", &other), GIM_CROWD_ROOM);
    for (int i = 0; i < OVER + 2; i++)
        gim_crowd_leave(c, keys[i]);
    assert_int_equal(enter(c, "192.0.2.1", &keys[0]), GIM_CROWD_ROOM);
    gim_crowd_free(c);
}

static const struct {
    const char *first, *second;
    bool together, counted;
} pairs[] = {
    {"2001:db8::1", "2001:db8::ffff:1", true, true}, /* one /64 */
    {"2001:db8::1", "2001:db8:0:1::1", false, true},
    {"::ffff:192.0.2.1", "192.0.2.1", true, true},
    {"192.0.2.1", "192.0.2.2", false, true},
    {"127.0.0.2", "127.0.0.2", true, true}, /* nobody is called from there by chance */
    {"127.0.0.1", "127.0.0.1", true, false},
    {"::1", "::1", true, false},
    {"10.1.2.3", "10.9.9.9", true, false}, /* trusted */
    {"2001:db8:9::7", "2001:db8:9::8", true, false},
    {"11.0.0.1", "11.0.0.1", true, true},
};

static void a_network_of_ipv6_is_one_and_proxies_are_nobody(void **state)
{
    struct gim_trusted trusted;

    (void)state;
    assert_null(gim_trusted_read(&trusted, GIM_S("10.0.0.0/8, 2001:db8:9::/48")).ptr);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct gim_crowd *c = gim_crowd_new(1, &trusted);
        uint64_t a, b;

        assert_int_equal(enter(c, pairs[i].first, &a), GIM_CROWD_ROOM);
        assert_int_equal(enter(c, pairs[i].second, &b),
                         pairs[i].counted && pairs[i].together ? GIM_CROWD_FULL : GIM_CROWD_ROOM);
        assert_int_equal(a != 0, pairs[i].counted);
        assert_int_equal(a == b, pairs[i].together);
        gim_crowd_free(c);
    }
}

/* Against a plain array of counts: any order of coming and going. */
static void any_order_of_coming_and_going_is_counted_right(void **state)
{
    static unsigned counts[MANY];
    static uint64_t keys[MANY];
    struct gim_crowd *c = gim_crowd_new(3, NULL);
    uint32_t random = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        bool growing = i < 100000;
        uint32_t who;

        random = random * 1664525 + 1013904223;
        who = (random >> 8) % MANY;
        if ((random >> 30) % 3 == (growing ? 0 : 1) || counts[who] == 0) {
            uint8_t peer[16] = {0x20, 1, (uint8_t)(who >> 8), (uint8_t)who};

            counts[who]++;
            assert_int_equal(gim_crowd_enter(c, peer, &keys[who]), counts[who] <= 3 ? GIM_CROWD_ROOM
                                                                   : counts[who] <= 3 + 8
                                                                       ? GIM_CROWD_FULL
                                                                       : GIM_CROWD_CUT);
        } else {
            counts[who]--;
            gim_crowd_leave(c, keys[who]);
        }
    }
    for (int who = 0; who < MANY; who++) {
        for (; counts[who]; counts[who]--)
            gim_crowd_leave(c, keys[who]);
    }
    for (int who = 0; who < MANY; who++) {
        uint8_t peer[16] = {0x20, 1, (uint8_t)(who >> 8), (uint8_t)who};

        for (int i = 0; i < 3; i++)
            assert_int_equal(gim_crowd_enter(c, peer, &keys[who]), GIM_CROWD_ROOM);
        assert_int_equal(gim_crowd_enter(c, peer, &keys[who]), GIM_CROWD_FULL);
    }
    gim_crowd_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_share_then_a_word_then_none),
        cmocka_unit_test(a_network_of_ipv6_is_one_and_proxies_are_nobody),
        cmocka_unit_test(any_order_of_coming_and_going_is_counted_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
