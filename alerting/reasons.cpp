#include "alerting/reasons.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "alerting/budget.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr std::size_t kNamed = 5;  // of a longer list only these are spelled out

// Four significant digits, for people; independent of the locale.
std::string text_of(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 4);
  return {text.data(), end.ptr};
}

std::string with_detail(const std::string& text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}

std::string first_of(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size() && i < kNamed; ++i) text.append(i == 0 ? "" : ", ").append(items[i]);
  if (items.size() > kNamed) text += " and " + std::to_string(items.size() - kNamed) + " more";
  return text;
}

}  // namespace

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::string mismatch_reason(const std::vector<const Verdict*>& verdicts, const std::optional<KeptEvent>& first) {
  std::vector<std::string> items;
  for (const Verdict* v : verdicts) {
    std::string item = v->subject.name;
    if (const auto* e = std::get_if<MismatchEvidence>(&v->evidence)) {
      item += " (" + std::to_string(e->events) + " of " + std::to_string(e->compared) + " events)";
    }
    add_once(items, item);
  }
  std::string text = "hardware and emulator disagree in " + first_of(items);
  if (first) {
    text += "; first at run " + std::to_string(first->run) + ", LS " + std::to_string(first->ls) + ", orbit " +
            std::to_string(first->orbit) + ", BX " + std::to_string(first->bx);
  }
  return text;
}

std::string explained_reason(const std::string& reason, const std::vector<InputExplanation>& attribution) {
  if (attribution.empty()) return reason;
  const InputExplanation& most = attribution.front();
  return reason + "; the hardware's words are those of " + most.input + " " + most.change + " (" +
         std::to_string(most.explains) + " of " + std::to_string(most.of) + " events)";
}

std::string notify_reason(const Verdict& verdict) { return with_detail(verdict.monitor + " is bad", verdict.reason); }

std::string input_reason(const Verdict& verdict) {
  std::string text = verdict.monitor + " ";
  if (const auto* change = std::get_if<InputChange>(&verdict.evidence)) {
    text.append("is ").append(to_string(change->kind));
    if (change->kind == InputChange::Kind::rescaled && change->scale) text += " by " + text_of(*change->scale);
  } else {
    text += "is off its reference";
  }
  return with_detail(text, verdict.reason);
}

std::string conditions_reason(const std::vector<const Verdict*>& outputs, const std::vector<const Verdict*>& inputs,
                              std::size_t inputs_off) {
  std::vector<std::string> moved;
  for (const Verdict* v : outputs) {
    std::string item = v->monitor + " drifted (" + v->statistic;
    if (v->value) item.append(" ").append(text_of(*v->value));
    if (v->limit) item.append(", limit ").append(text_of(*v->limit));
    add_once(moved, item + ")");
  }
  std::string text = first_of(moved);
  if (inputs_off > 0) {
    std::vector<std::string> names;
    for (const Verdict* v : inputs) add_once(names, v->monitor);
    text.append(text.empty() ? "" : "; ").append(std::to_string(inputs_off));
    text.append(" inputs drifted: ").append(first_of(names));
  } else {
    text += "; no input explains it";
  }
  return text;
}

std::string rate_reason(const Verdict& verdict, const ThresholdProposal& p) {
  const std::string text = "rate of " + p.seed + " " + text_of(p.current_rate_hz) + " Hz, target " +
                           text_of(p.target_rate_hz) + " Hz, shapes unchanged: threshold " +
                           std::to_string(p.current_threshold) + " -> " + std::to_string(p.proposed_threshold) +
                           " gives " + text_of(p.expected_rate_hz[1]) + " Hz (" + text_of(p.expected_rate_hz[0]) +
                           " to " + text_of(p.expected_rate_hz[2]) + ")";
  return with_detail(text, verdict.reason);
}

std::string rollback_reason(const std::string& reason, const std::string& hash_before) {
  return reason + "; the model before it, " + hash_before.substr(0, 12) + ", comes back";
}

std::string budget_reason(ActionKind kind, std::uint32_t most, const std::string& subject) {
  return "no more " + std::string(to_string(kind)) + (subject.empty() ? "" : " of " + shown(subject)) + ": " +
         std::to_string(most) + " in " + std::to_string(kDayLs) + " lumisections are the most";
}

std::string silence_reason(const SilentSource& s) {
  return "source " + shown(s.source) + " silent since run " + std::to_string(s.run) + " LS " + std::to_string(s.ls);
}

}  // namespace vigil::alerting
