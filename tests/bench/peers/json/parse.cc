// Parsing alone: what two libraries need to make a document of the bytes of one event, with no decision made. A contestant.
//
//     parse EVENTS.jsonl
//
// simdjson keeps its parser and its padded copy of the input, as its documentation advises; its On-Demand interface is made to visit
// every value once, since it parses nothing that is not looked at. cJSON makes its tree and frees it.
#include <cjson/cJSON.h>
#include <simdjson.h>

#include <fstream>
#include <string>
#include <vector>

#include "../../contestant.h"

namespace {

struct Events {
    std::vector<std::string> texts;
    std::vector<simdjson::padded_string> padded;
    simdjson::dom::parser dom;
    simdjson::ondemand::parser ondemand;
};

uint64_t visit(simdjson::ondemand::value value)
{
    uint64_t total = 1;
    switch (value.type()) {
    case simdjson::ondemand::json_type::object:
        for (auto field : value.get_object()) {
            total += field.unescaped_key().value().size();
            total += visit(field.value());
        }
        return total;
    case simdjson::ondemand::json_type::array:
        for (auto element : value.get_array())
            total += visit(element.value());
        return total;
    case simdjson::ondemand::json_type::string:
        return total + value.get_string().value().size();
    case simdjson::ondemand::json_type::number:
        return total + static_cast<uint64_t>(value.get_double().value());
    default:
        return total;
    }
}

uint64_t one(void *user, int way, uint32_t number)
{
    auto *const events = static_cast<Events *>(user);
    if (way == 0) {
        const simdjson::dom::element element = events->dom.parse(events->padded[number]);
        return element.is_object();
    }
    if (way == 1) {
        auto document = events->ondemand.iterate(events->padded[number]);
        uint64_t total = 0;
        for (auto field : document.get_object()) {
            total += field.unescaped_key().value().size();
            total += visit(field.value());
        }
        return total;
    }
    cJSON *const json = cJSON_ParseWithLength(events->texts[number].data(), events->texts[number].size());
    const uint64_t found = json != nullptr;
    cJSON_Delete(json);
    return found;
}

uint64_t all(void *user, int way)
{
    auto *const events = static_cast<Events *>(user);
    uint64_t total = 0;
    for (uint32_t i = 0; i < events->texts.size(); i++)
        total += one(user, way, i);
    return total;
}

} // namespace

int main(int argc, char **argv)
{
    static Events events;
    std::ifstream file(argc > 1 ? argv[1] : "");
    for (std::string line; std::getline(file, line);) {
        events.texts.push_back(line);
        events.padded.emplace_back(line);
    }
    if (events.texts.empty())
        return 2;
    contestant contest = {};
    contest.user = &events;
    contest.requests = static_cast<uint32_t>(events.texts.size());
    contest.ways = 3;
    contest.names[0] = "simdjson";
    contest.names[1] = "simdjson, On-Demand";
    contest.names[2] = "cJSON";
    contest.all = all;
    contest.one = one;
    return contestant_serve(&contest);
}
