#include "core/accounting.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "vigil-accounting";
constexpr int kVersion = 1;

json intervals_json(const IntervalSet& set) {
  json list = json::array();
  for (const auto& [first, last] : set.intervals()) list.push_back({first, last});
  return list;
}

IntervalSet intervals_of(const json& list, std::uint64_t highest, const std::string& where) {
  const auto fail = [&](const json& found) -> std::uint64_t {
    throw Error(where, "interval " + shown(json_text(found)),
                "[first, last], ascending and apart, whole numbers to " + std::to_string(highest));
  };
  if (!list.is_array()) fail(list);
  IntervalSet set;
  bool any = false;
  std::uint64_t newest = 0;
  for (const json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() || !pair[1].is_number_unsigned())
      fail(pair);
    const auto first = pair[0].get<std::uint64_t>(), last = pair[1].get<std::uint64_t>();
    if (first > last || last > highest || (any && (first <= newest || first - newest < 2))) fail(pair);
    set.insert(first, last);
    newest = last;
    any = true;
  }
  return set;
}

// The first numbers that both hold, or nothing.
std::string common(const IntervalSet& a, const IntervalSet& b) {
  IntervalSet both = a;
  both &= b;
  if (both.empty()) return {};
  const auto& [first, last] = *both.intervals().begin();
  return first == last ? std::to_string(first) : std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

void Accounting::add(const std::string& source, std::uint64_t epoch, std::uint64_t seq, std::uint32_t first_orbit,
                     std::uint32_t last_orbit) {
  SourceAccounting& of = sources[source];
  of.orbits.insert(first_orbit, last_orbit);
  of.numbers[epoch].insert(seq, seq);
}

Accounting& Accounting::operator+=(const Accounting& other) {
  for (const auto& [name, theirs] : other.sources) {
    const auto ours = sources.find(name);
    if (ours == sources.end()) continue;
    for (const auto& [epoch, numbers] : theirs.numbers) {
      const auto known = ours->second.numbers.find(epoch);
      if (known == ours->second.numbers.end()) continue;
      if (const std::string twice = common(known->second, numbers); !twice.empty()) {
        throw Error("source " + shown(name), "epoch " + std::to_string(epoch) + " seq " + twice + " in two parts",
                    "each batch in one");
      }
    }
  }
  for (const auto& [name, theirs] : other.sources) {
    SourceAccounting& ours = sources[name];
    ours.orbits |= theirs.orbits;
    for (const auto& [epoch, numbers] : theirs.numbers) ours.numbers[epoch] |= numbers;
  }
  return *this;
}

std::string to_json(const Accounting& accounting) {
  json all = json::array();  // names may hold any bytes that are UTF-8, and epochs any number: neither is a key
  for (const auto& [name, source] : accounting.sources) {
    json numbers = json::array();
    for (const auto& [epoch, set] : source.numbers) numbers.push_back({{"epoch", epoch}, {"seq", intervals_json(set)}});
    all.push_back({{"source", name}, {"orbits", intervals_json(source.orbits)}, {"numbers", std::move(numbers)}});
  }
  return json_text(json{{"format", kFormat}, {"version", kVersion}, {"sources", std::move(all)}});
}

Accounting accounting_from_json(std::string_view text, const std::string& where) {
  Accounting out;
  try {
    const json in = json::parse(text);
    if (in.at("format") != kFormat || in.at("version") != kVersion) {
      throw Error(where,
                  "format " + shown(json_text(in.at("format"))) + " version " + shown(json_text(in.at("version"))),
                  std::string(kFormat) + " version " + std::to_string(kVersion));
    }
    for (const json& entry : in.at("sources")) {
      const auto name = entry.at("source").get<std::string>();
      const std::string place = where + ": source " + shown(name);
      const auto [source, is_new] = out.sources.emplace(name, SourceAccounting{});
      if (!is_new) throw Error(place, "twice", "once");
      source->second.orbits =
          intervals_of(entry.at("orbits"), std::numeric_limits<std::uint32_t>::max(), place + ", orbits");
      for (const json& numbers : entry.at("numbers")) {
        const json& epoch = numbers.at("epoch");
        if (!epoch.is_number_unsigned()) throw Error(place, "epoch " + shown(json_text(epoch)), "a whole number");
        const auto [set, fresh] = source->second.numbers.emplace(epoch.get<std::uint64_t>(), IntervalSet{});
        if (!fresh) throw Error(place, "epoch " + json_text(epoch) + " twice", "once");
        set->second = intervals_of(numbers.at("seq"), std::numeric_limits<std::uint64_t>::max(), place + ", seq");
      }
    }
  } catch (const json::exception& error) {
    throw Error(where, error.what(), "what vigil wrote");
  }
  return out;
}

}  // namespace vigil
