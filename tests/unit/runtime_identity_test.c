/*
 * runtime_identity_test.c - canonical forms of identity types, most of all for those who try to
 * look like someone else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/identity.h"

/* text → canonical; NULL: refused. */
typedef struct identity_case {
    const char *text, *canonical;
} identity_case;

static void check(cst_kind kind, const identity_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(cases[i].text);
        /* No byte behind the text may be read. */
        char *const copy = malloc(length ? length : 1);
        memcpy(copy, cases[i].text, length);
        arena memory;
        arena_init(&memory, NULL, 0);
        cst_value value, again;
        bool no_memory;
        const bool read = identity_parse(kind, copy, length, &memory, &value, &no_memory);
        assert_false(no_memory);
        if (read != (cases[i].canonical != NULL))
            fail_msg("%s: %s", read ? "accepted" : "refused", cases[i].text);
        if (read) {
            if (value.length != strlen(cases[i].canonical) ||
                memcmp(value.as.text, cases[i].canonical, value.length) != 0)
                fail_msg("%s: %.*s, not %s", cases[i].text, (int)value.length, value.as.text,
                         cases[i].canonical);
            assert_int_equal(value.raw_length, length);
            assert_int_equal(value.kind, kind);
            /* A canonical text is its own canonical form. */
            assert_true(
                identity_parse(kind, value.as.text, value.length, &memory, &again, &no_memory));
            assert_int_equal(again.length, value.length);
            assert_memory_equal(again.as.text, value.as.text, value.length);
        }
        arena_free(&memory);
        free(copy);
    }
}
#define CHECK(kind, cases) check(kind, cases, sizeof cases / sizeof cases[0])

static void test_email(void **unused)
{
    (void)unused;
    static const identity_case cases[] = {
        {"ann@example.com", "ann@example.com"},
        {"Ann@EXAMPLE.Com", "ann@example.com"},
        {"a.b+c@x.org", "a.b+c@x.org"},
        {"root@localhost", "root@localhost"},
        {"a@b\xc3\xbc"
         "cher.example",
         "a@xn--bcher-kva.example"},
        {"a@B\xc3\x9c"
         "CHER.example",
         "a@xn--bcher-kva.example"},
        {"a@example\xe3\x80\x82"
         "com",
         "a@example.com"},
        {"", NULL},
        {"@", NULL},
        {"a@", NULL},
        {"@a", NULL},
        {"a", NULL},
        {"a@b@c", NULL},
        {"ann@example.com,eve@evil.test", NULL},
        {"ann@example.com\neve@evil.test", NULL},
        {"Ann <ann@example.com>", NULL},
        {"<ann@example.com>", NULL},
        {"ann@example.com (comment)", NULL},
        {"\"ann\"@example.com", NULL},
        {"ann @example.com", NULL},
        {" ann@example.com", NULL},
        {"ann@example.com ", NULL},
        {".ann@example.com", NULL},
        {"ann.@example.com", NULL},
        {"a..b@example.com", NULL},
        {"ann@example.com.", NULL},
        {"ann@.example.com", NULL},
        {"ann@example..com", NULL},
        {"ann@[1.2.3.4]", NULL},
        {"ann@1.2.3.4", NULL},
        {"ann@::1", NULL},
        {"\xc3\xa4nn@example.com", NULL},
        {"ann@exa\xc2\xadmple.com", NULL},
        {"ann@exam\xe2\x80\x8bple.com", NULL},
        {"ann@example.com%00", NULL},
        {"ann@exa mple.com", NULL},
        {"ann@example.com/evil", NULL},
    };
    CHECK(CST_KIND_EMAIL, cases);
    char text[400];
    memset(text, 'a', sizeof text);
    text[64] = '@';
    text[65 + 63] = text[65 + 127] = '.';
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_value value;
    bool no_memory;
    assert_true(
        identity_parse(CST_KIND_EMAIL, text, 65 + 127 + 1 + 61, &memory, &value, &no_memory));
    assert_false(
        identity_parse(CST_KIND_EMAIL, text, 65 + 127 + 1 + 62, &memory, &value, &no_memory));
    text[64] = 'a';
    text[65] = '@';
    assert_false(identity_parse(CST_KIND_EMAIL, text, 80, &memory, &value, &no_memory));
    arena_free(&memory);
}

static void test_host(void **unused)
{
    (void)unused;
    static const identity_case cases[] = {
        {"example.com", "example.com"},
        {"EXAMPLE.com.", "example.com"},
        {"a_b.example", "a_b.example"},
        {"b\xc3\xbc"
         "cher.de",
         "xn--bcher-kva.de"},
        {"\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsqu00a.xn--0zwm56d"},
        {"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
         "xn--e1afmkfd.xn--p1ai"},
        {"\xef\xbd\x85xample\xef\xbc\x8e"
         "com",
         "example.com"},
        {"example\xef\xbd\xa1"
         "com",
         "example.com"},
        {"xn--bcher-kva.de", "xn--bcher-kva.de"},
        {"1.2.3.4", "1.2.3.4"},
        {"1.2.3.4.", "1.2.3.4"},
        {"0x7f.1", "127.0.0.1"},
        {"2130706433", "127.0.0.1"},
        {"0177.0.0.1", "127.0.0.1"},
        {"169.254.43518", "169.254.169.254"},
        {"0xA9FEA9FE", "169.254.169.254"},
        {"0x", "0.0.0.0"},
        {"\xef\xbc\x91.2.3.4", "1.2.3.4"},
        {"::1", "::1"},
        {"[::1]", "::1"},
        {"[0:0:0:0:0:ffff:1.2.3.4]", "1.2.3.4"},
        {"::ffff:a9fe:a9fe", "169.254.169.254"},
        {"FD00:EC2::0254", "fd00:ec2::254"},
        {"", NULL},
        {".", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a b", NULL},
        {"a/b", NULL},
        {"a:80", NULL},
        {"a@b", NULL},
        {"exa%6dple.com", NULL},
        {"1.2.3.4.5", NULL},
        {"256.1.1.1", NULL},
        {"1.2.3.08", NULL},
        {"4294967296", NULL},
        {"1.2.3.0x", "1.2.3.0"},
        {"example.com.1", NULL},
        {"[::1", NULL},
        {"[1.2.3.4]", NULL},
        {"fe80::1%eth0", NULL},
        {"exa\xcc\x81mple", NULL},        /* a combining mark */
        {"\xe2\x93\x94xample.com", NULL}, /* a circled e, which browsers read as e */
        {"exam\xe2\x80\x8dple.com", NULL},
        {"\xf0\x9d\x92\x86xample.com", NULL},
        {"a\xff", NULL},
        {"\xc4\xb0.com", NULL},
    };
    CHECK(CST_KIND_HOST, cases);
    static const struct {
        const char *host, *parent;
        bool inside;
    } insides[] = {
        {"example.com", "example.com", true},
        {"a.example.com", "example.com", true},
        {"a.b.example.com", "example.com", true},
        {"evilexample.com", "example.com", false},
        {"example.com", "a.example.com", false},
        {"example.com.evil.test", "example.com", false},
        {"1.2.3.4", "3.4", false},
        {"1.2.3.4", "1.2.3.4", true},
        {"", "example.com", false},
        {"example.com", "", false},
        {"::1", "1", false},
        {"a.com", "com", true},
    };
    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++)
        assert_int_equal(host_is_inside(insides[i].host, strlen(insides[i].host), insides[i].parent,
                                        strlen(insides[i].parent)),
                         insides[i].inside);
}

static void test_url(void **unused)
{
    (void)unused;
    static const identity_case cases[] = {
        {"http://example.com", "http://example.com/"},
        {"HTTP://EXAMPLE.com:80/a", "http://example.com/a"},
        {"https://example.com:443", "https://example.com/"},
        {"https://example.com:0443/", "https://example.com/"},
        {"https://example.com:8443/x", "https://example.com:8443/x"},
        {"https://example.com:/x", "https://example.com/x"},
        {"http://example.com./", "http://example.com/"},
        {"http://example.com@evil.test", "http://evil.test/"},
        {"http://example.com:80@evil.test:81/", "http://evil.test:81/"},
        {"http://a@b@evil.test/", "http://evil.test/"},
        {"http://evil.test\\@example.com/", NULL},
        {"http://evil.test\\x:y@example.com/", NULL},
        {"http://evil.test\\a/@example.com", "http://evil.test/a/@example.com"},
        {"http://evil.test\\a?@example.com", "http://evil.test/a?@example.com"},
        {"http://evil.test/@example.com", "http://evil.test/@example.com"},
        {"http://evil.test#@example.com/", "http://evil.test/"},
        {"http://evil.test?@example.com/", "http://evil.test/?@example.com/"},
        {"http://ex%61mple.com/", "http://example.com/"},
        {"http://evil%2etest/", "http://evil.test/"},
        {"http:example.com", "http://example.com/"},
        {"http:///example.com", "http://example.com/"},
        {"http:\\\\example.com\\a\\..\\b", "http://example.com/b"},
        {"http://0x7f.1", "http://127.0.0.1/"},
        {"http://2852039166/latest", "http://169.254.169.254/latest"},
        {"http://[::ffff:1.2.3.4]", "http://1.2.3.4/"},
        {"http://[::1]:8080/", "http://[::1]:8080/"},
        {"http://u:p@[::1]/", "http://[::1]/"},
        {"http://example\xe3\x80\x82"
         "com/",
         "http://example.com/"},
        {"http://b\xc3\xbc"
         "cher.de/\xc3\xbc?\xc3\xbc",
         "http://xn--bcher-kva.de/%C3%BC?%C3%BC"},
        {"http://h/a/./b/../c", "http://h/a/c"},
        {"http://h/../../etc", "http://h/etc"},
        {"http://h/a/..", "http://h/"},
        {"http://h/a/.", "http://h/a/"},
        {"http://h/%2e%2E/b", "http://h/b"},
        {"http://h/a/.%2e/b", "http://h/b"},
        {"http://h/%252e%252e/b", "http://h/%252e%252e/b"},
        {"http://h//a//b", "http://h//a//b"},
        {"http://h/a//../b", "http://h/a/b"},
        {"http://h/%7euser/%41%2f%3a", "http://h/~user/A%2F%3A"},
        {"http://h/a b?c d", "http://h/a%20b?c%20d"},
        {"http://h/100%", "http://h/100%25"},
        {"http://h/?", "http://h/?"},
        {"http://h/#frag", "http://h/"},
        {"http://h?x=/../y", "http://h/?x=/../y"},
        {"ftp://h:21/", "ftp://h/"},
        {"file:///etc/passwd", "file:///etc/passwd"},
        {"file:/etc/../etc/passwd", "file:///etc/passwd"},
        {"file://localhost/etc", "file:///etc"},
        {"file://server/share", "file://server/share"},
        {"ssh://git@Example.com:22/repo", "ssh://example.com:22/repo"},
        {"postgres://u:p@db/x", "postgres://db/x"},
        {"mailto:Ann@example.com", "mailto:Ann@example.com"},
        {"javascript:alert(1)", "javascript:alert(1)"},
        {"data:text/html,<b>", "data:text/html,%3Cb%3E"},
        {"foo:/a/../b", "foo:/b"},
        {"foo:/a/..//b", "foo:/.//b"},
        {"foo://h", "foo://h"},
        {"", NULL},
        {"example.com", NULL},
        {"//example.com/", NULL},
        {"/a", NULL},
        {":a", NULL},
        {"1http://h", NULL},
        {" http://h/", NULL},
        {"http://h/ ", NULL},
        {"ht\ttp://h/", NULL},
        {"http://exa\nmple.com/", NULL},
        {"http://h/a\rb", NULL},
        {"http://", NULL},
        {"http:///", NULL},
        {"http://u@/", NULL},
        {"http://:80/", NULL},
        {"http://h:65536/", NULL},
        {"http://h:8x/", NULL},
        {"http://h:80:80/", NULL},
        {"http://[::1", NULL},
        {"http://[::1]x/", NULL},
        {"http://[::1]x:80/", NULL},
        {"http://::1/", NULL},
        {"http://exa mple.com/", NULL},
        {"http://exam<ple.com/", NULL},
        {"http://a%00b/", NULL},
        {"http://a%2fb/", NULL},
        {"http://a%zz/", NULL},
        {"http://256.256.256.256/", NULL},
        {"http://exa\xc2\xadmple.com/", NULL},
    };
    CHECK(CST_KIND_URL, cases);
}

static void check_part(cst_kind kind, const char *text, cst_property property, const char *expected)
{
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_value value, part;
    bool no_memory;
    assert_true(identity_parse(kind, text, strlen(text), &memory, &value, &no_memory));
    value_part(&value, property, &part);
    assert_int_equal(part.kind, property_kind(property));
    buffer out;
    buffer_init(&out, NULL, 0);
    value_show(&out, &part, NULL, CST_NONE);
    assert_string_equal(out.bytes ? out.bytes : "", expected);
    buffer_free(&out);
    arena_free(&memory);
}

static void test_parts(void **unused)
{
    (void)unused;
    static const char url[] = "https://u:p@Example.com:8080/a/b?x=1#f";
    check_part(CST_KIND_EMAIL, "Ann.B@Example.com", CST_PROPERTY_EMAIL_LOCAL, "ann.b");
    check_part(CST_KIND_EMAIL, "Ann.B@Example.com", CST_PROPERTY_EMAIL_DOMAIN, "example.com");
    check_part(CST_KIND_URL, url, CST_PROPERTY_URL_SCHEME, "https");
    check_part(CST_KIND_URL, url, CST_PROPERTY_URL_HOST, "example.com");
    check_part(CST_KIND_URL, url, CST_PROPERTY_URL_PORT, "8080");
    check_part(CST_KIND_URL, url, CST_PROPERTY_URL_PATH, "/a/b");
    check_part(CST_KIND_URL, url, CST_PROPERTY_URL_QUERY, "x=1");
    check_part(CST_KIND_URL, "http://[2001:DB8::1]/", CST_PROPERTY_URL_HOST, "2001:db8::1");
    check_part(CST_KIND_URL, "http://[2001:DB8::1]/", CST_PROPERTY_URL_PORT, "80");
    check_part(CST_KIND_URL, "mailto:a@b", CST_PROPERTY_URL_HOST, "");
    check_part(CST_KIND_URL, "mailto:a@b", CST_PROPERTY_URL_PATH, "a@b");
    const cst_value absent = {0};
    for (unsigned i = 0; i < CST_PROPERTY_COUNT; i++) {
        cst_value part;
        value_part(&absent, (cst_property)i, &part);
        assert_int_equal(part.kind, CST_KIND_ABSENT);
    }
    assert_int_equal(property_find(CST_KIND_URL, "host", 4), CST_PROPERTY_URL_HOST);
    assert_int_equal(property_find(CST_KIND_EMAIL, "host", 4), CST_PROPERTY_COUNT);
    assert_int_equal(property_find(CST_KIND_TIME, "weekday", 7), CST_PROPERTY_TIME_WEEKDAY);
}

static void test_path(void **unused)
{
    (void)unused;
    static const identity_case cases[] = {
        {"/", "/"},
        {"//", "/"},
        {"/a/b", "/a/b"},
        {"//a///b//", "/a/b"},
        {"/a/./b/../c/", "/a/c"},
        {"/../../etc/passwd", "/etc/passwd"},
        {"/repo/../etc/passwd", "/etc/passwd"},
        {"a", "a"},
        {"./a", "a"},
        {".", "."},
        {"./", "."},
        {"a/..", "."},
        {"a/../..", ".."},
        {"../a/../b", "../b"},
        {"../../a", "../../a"},
        {"../a/../..", "../.."},
        {"..", ".."},
        {"...", "..."},
        {"a/...", "a/..."},
        {"..a/b", "..a/b"},
        {"~/x", "~/x"},
        {"a\\..\\b", "a\\..\\b"},
        {" a", " a"},
        {"", NULL},
    };
    CHECK(CST_KIND_PATH, cases);
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_value value;
    bool no_memory;
    assert_false(identity_parse(CST_KIND_PATH, "/a\0b", 4, &memory, &value, &no_memory));
    arena_free(&memory);
    static const struct {
        const char *path, *folder;
        bool inside;
    } insides[] = {
        {"/repo", "/repo", true}, {"/repo/a", "/repo", true}, {"/repository", "/repo", false},
        {"/rep", "/repo", false}, {"/a", "/", true},          {"/", "/", true},
        {"a", "/", false},        {"/a", ".", false},         {"a/b", ".", true},
        {".", ".", true},         {"..", ".", false},         {"../a", ".", false},
        {"../a", "..", false},    {"../a", "../a", false},    {"..a", ".", true},
        {"a/b", "a", true},       {"ab", "a", false},         {"", "/", false},
        {"/a", "", false},        {".", "a", false},
    };
    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++)
        assert_int_equal(path_is_inside(insides[i].path, strlen(insides[i].path), insides[i].folder,
                                        strlen(insides[i].folder)),
                         insides[i].inside);
}

static void test_ip(void **unused)
{
    (void)unused;
    static const identity_case cases[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1::", "1::"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::ffff:1.2.3.4", "1.2.3.4"},
        {"::ffff:102:304", "1.2.3.4"},
        {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
        {"", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"01.2.3.4", NULL},
        {"1.2.3.256", NULL},
        {"1.2.3.4 ", NULL},
        {"0x7f.0.0.1", NULL},
        {":", NULL},
        {":::", NULL},
        {"1::2::3", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7:8::", NULL},
        {"12345::", NULL},
        {"g::", NULL},
        {"1:", NULL},
        {":1", NULL},
        {"::1.2.3", NULL},
        {"::1.2.3.4:5", NULL},
        {"1:2:3:4:5:6:7:1.2.3.4", NULL},
        {"fe80::1%1", NULL},
        {"[::1]", NULL},
    };
    CHECK(CST_KIND_IP, cases);
}

static void test_network(void **unused)
{
    (void)unused;
    cst_network network;
    assert_true(network_parse("10.1.2.3/8", 10, &network));
    assert_int_equal(network.low[12], 10);
    assert_int_equal(network.low[13], 0);
    assert_int_equal(network.high[13], 255);
    assert_int_equal(network.low[11], 255);
    assert_true(network_parse("0.0.0.0/0", 9, &network));
    assert_int_equal(network.low[12], 0);
    assert_int_equal(network.low[10], 255);
    assert_int_equal(network.high[15], 255);
    assert_true(network_parse("2001:db8::/33", 13, &network));
    assert_int_equal(network.low[4], 0);
    assert_int_equal(network.high[4], 0x7f);
    assert_true(network_parse("::1", 3, &network));
    assert_memory_equal(network.low, network.high, 16);
    static const char *const bad[] = {"",
                                      "/8",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "::/129",
                                      "10.0.0.0/08",
                                      "10.0.0.0/8/8",
                                      "10.0/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/ 8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(network_parse(bad[i], strlen(bad[i]), &network));
}

static void test_no_memory(void **unused)
{
    (void)unused;
    static const struct {
        cst_kind kind;
        const char *text;
    } cases[] = {{CST_KIND_EMAIL, "A@b"},
                 {CST_KIND_URL, "http://A"},
                 {CST_KIND_HOST, "A"},
                 {CST_KIND_PATH, "a//b"},
                 {CST_KIND_IP, "::A"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool no_memory = true;
        for (size_t ceiling = 1; no_memory; ceiling += 16) {
            arena memory;
            arena_init(&memory, NULL, ceiling);
            cst_value value;
            const bool read = identity_parse(cases[i].kind, cases[i].text, strlen(cases[i].text),
                                             &memory, &value, &no_memory);
            assert_true(read != no_memory);
            arena_free(&memory);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),   cmocka_unit_test(test_host),
        cmocka_unit_test(test_url),     cmocka_unit_test(test_parts),
        cmocka_unit_test(test_path),    cmocka_unit_test(test_ip),
        cmocka_unit_test(test_network), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
