/*
 * network.c - programs whose business is another machine: what of their words is a host, a file or
 * a command, where the table cannot say it. curl, wget, nc, socat; `-o` of ssh, forwarded ports,
 * folders given to containers, what is installed from elsewhere.
 */
#include <string.h>
#include <strings.h>

#include "runtime/command/shell.h"

static const shell_word here = {".", 1, false};

/* Up to the first of these bytes; what is behind it goes to `rest`. */
static shell_word cut_at(const shell_word *word, const char *bytes, shell_word *rest)
{
    const shell_word whole = *word; /* `rest` may be the same */
    uint32_t i = 0;
    while (i < whole.length && strchr(bytes, whole.text[i]) == NULL)
        i++;
    *rest = word_behind(&whole, i < whole.length ? i + 1 : i);
    return (shell_word){whole.text, i, whole.quoted};
}

static bool same_name(const shell_word *word, const char *name)
{
    return strlen(name) == word->length && strncasecmp(word->text, name, word->length) == 0;
}

static bool one_of(const shell_word *word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_name(word, names[i]))
            return true;
    return false;
}
#define ONE_OF(word, names) one_of(word, names, sizeof(names) / sizeof *(names))

void fact_hosts(follow *from, const shell_word *hosts)
{
    shell_word rest = *hosts;
    do {
        const shell_word one = cut_at(&rest, ",", &rest);
        if (!same_name(&one, "none"))
            fact_url(from, &one);
    } while (rest.length > 0);
}

/* ---- ssh ------------------------------------------------------------------------------------- */

/* sftp [user@]HOST[:FILE] */
void fact_login(follow *from, const shell_word *word)
{
    if (!fact_remote(from, word))
        fact_host(from, word);
    else if (word_has(word, ':'))
        fact_path(from, FACT_WRITES, &here, true);
}

/* dig [@SERVER] NAME [TYPE] [+option] */
void fact_query(follow *from, const shell_word *word)
{
    bool type = word->length > 0 && word->length < 8;
    for (uint32_t i = 0; i < word->length; i++)
        type = type && ((word->text[i] >= 'A' && word->text[i] <= 'Z') ||
                        (word->text[i] >= '0' && word->text[i] <= '9'));
    if (!type && !word_starts(word, "+"))
        fact_host(from, word);
}

/* Those that name no file, host or command. What is in no list here may be anything. */
static bool ssh_plain(const shell_word *key)
{
    static const char *const names[] = {"AddKeysToAgent",
                                        "AddressFamily",
                                        "BatchMode",
                                        "BindAddress",
                                        "BindInterface",
                                        "CASignatureAlgorithms",
                                        "ChallengeResponseAuthentication",
                                        "CheckHostIP",
                                        "Ciphers",
                                        "ClearAllForwardings",
                                        "Compression",
                                        "ConnectionAttempts",
                                        "ConnectTimeout",
                                        "ControlMaster",
                                        "ControlPersist",
                                        "EnableEscapeCommandline",
                                        "EscapeChar",
                                        "ExitOnForwardFailure",
                                        "FingerprintHash",
                                        "ForkAfterAuthentication",
                                        "ForwardAgent",
                                        "ForwardX11",
                                        "ForwardX11Timeout",
                                        "ForwardX11Trusted",
                                        "GatewayPorts",
                                        "GSSAPIAuthentication",
                                        "GSSAPIDelegateCredentials",
                                        "HashKnownHosts",
                                        "HostbasedAuthentication",
                                        "HostKeyAlgorithms",
                                        "HostKeyAlias",
                                        "IdentitiesOnly",
                                        "IPQoS",
                                        "KbdInteractiveAuthentication",
                                        "KexAlgorithms",
                                        "LogLevel",
                                        "LogVerbose",
                                        "MACs",
                                        "NoHostAuthenticationForLocalhost",
                                        "NumberOfPasswordPrompts",
                                        "PasswordAuthentication",
                                        "PermitLocalCommand",
                                        "Port",
                                        "PreferredAuthentications",
                                        "Protocol",
                                        "PubkeyAcceptedAlgorithms",
                                        "PubkeyAcceptedKeyTypes",
                                        "PubkeyAuthentication",
                                        "RekeyLimit",
                                        "RequestTTY",
                                        "RequiredRSASize",
                                        "SendEnv",
                                        "ServerAliveCountMax",
                                        "ServerAliveInterval",
                                        "SessionType",
                                        "SetEnv",
                                        "StdinNull",
                                        "StreamLocalBindMask",
                                        "StreamLocalBindUnlink",
                                        "StrictHostKeyChecking",
                                        "SyslogFacility",
                                        "TCPKeepAlive",
                                        "UpdateHostKeys",
                                        "User",
                                        "VerifyHostKeyDNS",
                                        "VisualHostKey",
                                        "DynamicForward"};
    return ONE_OF(key, names);
}

void ssh_option_note(follow *from, const shell_word *option)
{
    static const char *const commands[] = {"ProxyCommand", "LocalCommand", "KnownHostsCommand"};
    static const char *const read[] = {"IdentityFile", "CertificateFile", "GlobalKnownHostsFile"};
    static const char *const written[] = {"UserKnownHostsFile", "ControlPath", "IdentityAgent"};
    shell_word value;
    const shell_word key = cut_at(option, "= \t", &value);
    while (value.length > 0 && strchr("= \t", value.text[0]) != NULL)
        value = word_behind(&value, 1);
    if (word_is_open(&key) || (word_is_open(&value) && !ssh_plain(&key))) {
        command_lose_all(from->all);
        return;
    }
    const bool none = same_name(&value, "none");
    if (ONE_OF(&key, commands)) {
        if (!none)
            follow_text(from, &value);
    } else if (ONE_OF(&key, read)) {
        fact_path(from, FACT_READS, &value, false);
    } else if (ONE_OF(&key, written)) {
        if (!none)
            fact_path(from, FACT_WRITES, &value, false);
    } else if (same_name(&key, "HostName")) {
        fact_host(from, &value);
    } else if (same_name(&key, "ProxyJump")) {
        fact_hosts(from, &value);
    } else if (same_name(&key, "LocalForward") || same_name(&key, "RemoteForward")) {
        shell_word to;
        (void)cut_at(&value, " \t=", &to);
        forward_note(from, to.length > 0 ? &to : &value);
    } else if (same_name(&key, "RemoteCommand")) {
        follow far = *from;
        far.remote = true;
        if (!none)
            follow_text(&far, &value);
    } else if (!ssh_plain(&key)) {
        command_lose_all(from->all);
    }
}

/* -L [bind:]port:HOST:port, -W HOST:port; of one port alone any host may be asked for. */
void forward_note(follow *from, const shell_word *value)
{
    uint32_t end = value->length;
    while (end > 0 && value->text[end - 1] != ':')
        end--;
    if (end < 2 || word_has(value, '/')) {
        command_lose(from->all, FACT_CONNECTS);
        return;
    }
    uint32_t start = --end;
    while (start > 0 && value->text[start - 1] != ':' && value->text[end - 1] != ']')
        start--;
    while (start > 0 && value->text[end - 1] == ']' && value->text[start] != '[' &&
           value->text[start] != MARK_SET)
        start--;
    const shell_word host = {value->text + start, end - start, value->quoted};
    fact_host(from, &host);
}

/* ---- containers, packages -------------------------------------------------------------------- */

static bool is_place(const shell_word *word)
{
    return word->length > 0 && (word->text[0] == '/' || word->text[0] == '.' ||
                                word->text[0] == '~' || word->text[0] < 0x20);
}

/* FOLDER:INSIDE[:ro]; type=bind,source=FOLDER,target=INSIDE: what runs inside may change it. */
void mount_note(follow *from, const shell_word *value)
{
    shell_word rest, place = cut_at(value, ":", &rest);
    bool reads = false;
    if (rest.length == 0 && word_has(value, '=')) {
        bool bind = false;
        place.length = 0;
        for (rest = *value; rest.length > 0;) {
            shell_word behind;
            const shell_word one = cut_at(&rest, ",", &rest), key = cut_at(&one, "=", &behind);
            bind = bind || (word_is(&key, "type") && word_is(&behind, "bind"));
            if (word_is(&key, "source") || word_is(&key, "src"))
                place = behind;
            reads = reads || ((word_is(&key, "readonly") || word_is(&key, "ro")) &&
                              !word_is(&behind, "false"));
        }
        if (!bind)
            return;
    } else {
        (void)cut_at(&rest, ":", &rest); /* then what it may do */
        while (rest.length > 0) {
            const shell_word one = cut_at(&rest, ",", &rest);
            reads = reads || word_is(&one, "ro") || word_is(&one, "readonly");
        }
    }
    if (is_place(&place) || word_is_open(&place))
        fact_path(from, reads ? FACT_READS : FACT_WRITES, &place, true);
}

/* What is installed or applied: an address anywhere in it, a file, or a name. */
void fact_source(follow *from, const shell_word *word, bool place)
{
    for (uint32_t i = 0; i + 2 < word->length; i++)
        if (word->text[i] == ':' && word->text[i + 1] == '/' && word->text[i + 2] == '/') {
            uint32_t start = i;
            while (start > 0 && strchr(" @=,", word->text[start - 1]) == NULL)
                start--;
            const shell_word url = word_behind(word, start);
            fact_url(from, &url);
            return;
        }
    if (place || is_place(word))
        fact_path(from, FACT_READS, word, true);
    else if (word_has(word, '@') && word_has(word, ':'))
        fact_remote(from, word);
}

/* HOST/name:tag; without a dot or a port the first part is no host. */
void fact_image(follow *from, const shell_word *word)
{
    shell_word rest;
    const shell_word first = cut_at(word, "/", &rest);
    if (word_is_open(&first))
        command_lose(from->all, FACT_CONNECTS);
    else if (rest.length > 0 &&
             (word_has(&first, '.') || word_has(&first, ':') || word_is(&first, "localhost")))
        fact_host(from, &first);
}

/* ---- socat ----------------------------------------------------------------------------------- */

/* KIND:…[,options] */
static void socat_address(follow *from, const shell_word *word)
{
    static const char *const runs[] = {"EXEC", "SYSTEM", "SHELL"};
    static const char *const files[] = {"OPEN",        "FILE",         "GOPEN",       "CREATE",
                                        "CREAT",       "UNIX-CONNECT", "UNIX-CLIENT", "UNIX",
                                        "UNIX-LISTEN", "UNIX-L",       "PIPE"};
    static const char *const hosts[] = {"TCP",
                                        "TCP4",
                                        "TCP6",
                                        "TCP-CONNECT",
                                        "TCP4-CONNECT",
                                        "TCP6-CONNECT",
                                        "UDP",
                                        "UDP4",
                                        "UDP6",
                                        "UDP-CONNECT",
                                        "UDP4-CONNECT",
                                        "UDP6-CONNECT",
                                        "UDP-SENDTO",
                                        "UDP4-SENDTO",
                                        "OPENSSL",
                                        "SSL",
                                        "OPENSSL-CONNECT",
                                        "SCTP",
                                        "SCTP-CONNECT",
                                        "UDP-DATAGRAM",
                                        "UDP4-DATAGRAM"};
    static const char *const proxies[] = {"SOCKS", "SOCKS4",         "SOCKS4A",      "SOCKS5",
                                          "PROXY", "SOCKS5-CONNECT", "PROXY-CONNECT"};
    static const char *const listening[] = {
        "TCP-LISTEN",   "TCP4-LISTEN", "TCP6-LISTEN",    "TCP-L",       "TCP4-L",
        "TCP6-L",       "UDP-LISTEN",  "UDP4-LISTEN",    "UDP6-LISTEN", "UDP-L",
        "UDP-RECVFROM", "UDP-RECV",    "OPENSSL-LISTEN", "SSL-L",       "STDIO",
        "STDIN",        "STDOUT",      "STDERR",         "FD",          "-"};
    shell_word options, value, port;
    const shell_word whole = cut_at(word, ",", &options), kind = cut_at(&whole, ":", &value);
    if (ONE_OF(&kind, runs)) {
        if (word_has(word, '"') || word_has(word, '\\') || word_has(word, '\''))
            command_lose_all(from->all); /* quotes of its own */
        follow_text(from, &value);
    } else if (ONE_OF(&kind, files) || (word_has(&kind, '/') && !word_is_open(&kind))) {
        const shell_word *const path = word_has(&kind, '/') ? &whole : &value;
        fact_path(from, FACT_READS, path, false);
        fact_path(from, FACT_WRITES, path, false);
    } else if (ONE_OF(&kind, hosts)) {
        fact_host(from, &value);
    } else if (ONE_OF(&kind, proxies)) {
        const shell_word proxy = cut_at(&value, ":", &port), to = cut_at(&port, ":", &port);
        fact_host(from, &proxy);
        fact_host(from, &to);
    } else if (!ONE_OF(&kind, listening)) {
        command_lose_all(from->all);
    }
}

static void socat_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPEN || (one.kind == ITEM_OPERAND && word_has(&one.value, '!')))
            command_lose_all(from->all); /* A!!B: one way each */
        else if (one.kind == ITEM_OPERAND)
            socat_address(from, &one.value);
    }
}

/* ---- curl, wget, nc -------------------------------------------------------------------------- */

static void curl_file(follow *from, const shell_word *value, bool form)
{
    for (uint32_t i = 0; i < value->length; i++) {
        const bool starts =
            form ? i > 0 && value->text[i - 1] == '=' : i == 0 || value->text[i - 1] == '=';
        if (starts && (value->text[i] == '@' || (form && value->text[i] == '<'))) {
            shell_word path = word_behind(value, i + 1);
            for (uint32_t k = 0; form && k < path.length; k++)
                if (path.text[k] == ';')
                    path.length = k;
            while (form && word_has(&path, ',')) { /* @a,b */
                const shell_word one = cut_at(&path, ",", &path);
                fact_path(from, FACT_READS, &one, false);
            }
            fact_path(from, FACT_READS, &path, false);
            return;
        }
    }
    if (value->length > 0 && (value->text[0] == MARK_PART || value->text[0] == MARK_WORDS))
        command_lose(from->all, FACT_READS); /* "$x" may be @file */
}

/* --resolve HOST:PORT:ADDRESS[,…], --connect-to HOST:PORT:HOST2:PORT2: where it really goes. */
static void curl_elsewhere(follow *from, const shell_word *value, bool addresses)
{
    shell_word rest = *value;
    for (int part = 0; part < 2; part++) {
        if (word_starts(&rest, "[")) /* a colon is no end in there */
            (void)cut_at(&rest, "]", &rest);
        (void)cut_at(&rest, ":", &rest);
    }
    if (word_is_open(value) || word_has(value, MARK_SET))
        command_lose(from->all, FACT_CONNECTS);
    else if (addresses && !word_starts(value, "-"))
        for (shell_word one; rest.length > 0;) {
            one = cut_at(&rest, ",", &rest);
            fact_host(from, &one);
        }
    else if (!addresses && rest.length > 0 && rest.text[0] != ':')
        fact_host(from, &rest);
}

/* NAME@FILE, where no `=` makes it a value. */
static void curl_named(follow *from, const shell_word *value)
{
    for (uint32_t i = 1; i < value->length && value->text[i] != '='; i++)
        if (value->text[i] == '@') {
            const shell_word path = word_behind(value, i + 1);
            fact_path(from, FACT_READS, &path, false);
            return;
        }
}

static void curl_option(follow *from, const item *one)
{
    static const char *const data[] = {
        "--data",         "--data-binary", "--data-urlencode", "--json",      "--header",
        "--proxy-header", "--url-query",   "--variable",       "--write-out", "--form"};
    static const char login_text[] = {MARK_HOME, '/', '.', 'n', 'e', 't', 'r', 'c'};
    static const shell_word output = {"%output{", 8, false};
    static const shell_word login = {login_text, sizeof login_text, false};
    if (option_has(one, "--remote-name") || word_is(&one->name, "--remote-name-all"))
        fact_path(from, FACT_WRITES, &here, true);
    if (word_is(&one->name, "n") || word_starts(&one->name, "--netrc"))
        if (!word_is(&one->name, "--netrc-file"))
            fact_path(from, FACT_READS, &login, false);
    if (!one->has_value)
        return;
    for (size_t i = 0; i < sizeof data / sizeof *data; i++)
        if (option_has(one, data[i]))
            curl_file(from, &one->value, i + 1 == sizeof data / sizeof *data);
    if (option_has(one, "--data-urlencode") || option_has(one, "--url-query") ||
        option_has(one, "--variable"))
        curl_named(from, &one->value);
    if (option_has(one, "--cookie") && !word_has(&one->value, '='))
        fact_path(from, FACT_READS, &one->value, false);
    if (option_has(one, "--write-out") &&
        (word_is_open(&one->value) || word_mentions(&one->value, &output)))
        command_lose(from->all, FACT_WRITES);
    if (option_has(one, "--resolve") || option_has(one, "--connect-to"))
        curl_elsewhere(from, &one->value, option_has(one, "--resolve"));
}

static void curl_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        if (one.kind == ITEM_OPTION)
            curl_option(from, &one);
}

static void wget_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    bool placed = false;
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind != ITEM_OPTION)
            continue;
        placed = placed || option_has(&one, "--output-document") ||
                 option_has(&one, "--directory-prefix") || word_is(&one.name, "--spider") ||
                 word_is(&one.name, "--version") || word_is(&one.name, "--help");
        if (option_has(&one, "--execute") || word_is(&one.name, "--use-askpass"))
            command_lose_all(from->all);
    }
    if (!placed && count > 1)
        fact_path(from, FACT_WRITES, &here, true);
}

static void nc_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    bool listens = false;
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        listens = listens || (one.kind == ITEM_OPTION && option_has(&one, "--listen"));
    if (!listens) {
        facts_note(from, row, words, count);
        return;
    }
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        if (one.kind == ITEM_OPTION)
            option_note(from, &one);
}

/* http [METHOD] URL [ITEM…]: name@file, name=@file are files. */
static void http_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    bool placed = false;
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION && option_has(&one, "--download"))
            fact_path(from, FACT_WRITES, &here, true);
        if (one.kind == ITEM_OPTION)
            continue;
        bool method = one.value.length > 0;
        for (uint32_t i = 0; i < one.value.length; i++)
            method = method && one.value.text[i] >= 'A' && one.value.text[i] <= 'Z';
        if (!placed && method)
            continue;
        if (!placed)
            fact_url(from, &one.value);
        shell_word path;
        (void)cut_at(&one.value, "@", &path);
        if (placed && path.length > 0)
            fact_path(from, FACT_READS, &path, false);
        if (placed && word_is_open(&one.value))
            command_lose(from->all, FACT_READS);
        placed = true;
    }
}

bool network_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    if (row == program_find("curl", 4))
        curl_note(from, row, words, count);
    else if (row == program_find("wget", 4))
        wget_note(from, row, words, count);
    else if (row == program_find("nc", 2))
        nc_note(from, row, words, count);
    else if (row == program_find("http", 4))
        http_note(from, row, words, count);
    else if (row == program_find("socat", 5))
        socat_note(from, row, words, count);
    else
        return false;
    return true;
}
