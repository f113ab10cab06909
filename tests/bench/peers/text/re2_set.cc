// RE2::Set on the patterns and texts of bench_scan, which wrote them with --dump.
//
//     re2_set FOLDER ROUNDS [PATTERNS] --json FILE
//
// One set of all patterns, which answers what bench_scan asks: which of them match anywhere. Its automaton is built while it scans,
// within a bound of memory; the bound here is large, and one round before the first is not counted. Where the automaton outgrows even
// that, RE2 gives no answer, and the case says so instead of a time.
#include <re2/re2.h>
#include <re2/set.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../../bench.h"

namespace {

constexpr int64_t memory = int64_t{1} << 30;

std::string read(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void measure(FILE *out, const re2::RE2::Set &set, uint32_t count, const char *kind, const std::string &text, uint32_t rounds)
{
    const uint32_t times = text.size() >= 65536 ? 2 : text.size() >= 4096 ? 20 : 300;
    std::vector<double> values;
    std::vector<int> found;
    char about[64];
    snprintf(about, sizeof about, "%u patterns, %s, %zu bytes", count, kind, text.size());
    for (uint32_t round = 0; round <= rounds; round++) {
        const double begin = now();
        for (uint32_t i = 0; i < times; i++) {
            re2::RE2::Set::ErrorInfo error{};
            set.Match(text, &found, &error);
            if (error.kind != re2::RE2::Set::kNoError) {
                printf("%s: RE2 gives up (%d)\n", about, static_cast<int>(error.kind));
                bench_record(out, about, "RE2::Set", "gave up", "", nullptr, 0);
                return;
            }
        }
        if (round > 0)
            values.push_back((now() - begin) / times);
    }
    const double matched = static_cast<double>(found.size());
    bench_record(out, about, "RE2::Set", "scan", "ns", values.data(), rounds);
    bench_record(out, about, "RE2::Set", "found", "patterns", &matched, 1);
    printf("%s: %.0f ns, %zu found\n", about, values[values.size() / 2], found.size());
}

} // namespace

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    if (argc < 3)
        return 2;
    const std::string folder = argv[1];
    const auto rounds = static_cast<uint32_t>(strtoul(argv[2], nullptr, 10));
    const uint32_t only = argc > 3 ? static_cast<uint32_t>(strtoul(argv[3], nullptr, 10)) : 0;
    const std::string texts[] = {read(folder + "/prose.txt"), read(folder + "/digits.txt")};
    for (const uint32_t count : {10u, 100u, 1000u, 5000u}) {
        if (only != 0 && only != count)
            continue;
        re2::RE2::Options options;
        options.set_encoding(re2::RE2::Options::EncodingLatin1);
        options.set_max_mem(memory);
        options.set_log_errors(false);
        re2::RE2::Set set(options, re2::RE2::UNANCHORED);
        std::ifstream patterns(folder + "/patterns.txt");
        std::string line;
        for (uint32_t i = 0; i < count && std::getline(patterns, line); i++) {
            const std::string expression = line[0] == 'P' ? "\\b" + line.substr(2) + "\\b" : line.substr(2);
            std::string why;
            if (set.Add(expression, &why) < 0) {
                fprintf(stderr, "re2_set: %s: %s\n", expression.c_str(), why.c_str());
                return 1;
            }
        }
        if (!set.Compile())
            return 1;
        for (const size_t length : {size_t{256}, size_t{4096}, size_t{65536}}) {
            measure(out, set, count, "prose", texts[0].substr(0, length), rounds);
            measure(out, set, count, "digits", texts[1].substr(0, length), rounds);
        }
    }
    return 0;
}
