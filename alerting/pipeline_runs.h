// What Kubeflow Pipelines, GitLab and Argo Workflows have in common as sinks: parameters from templates, states of runs
// in words of their own. Used by their *_sink.cpp. Pure.
// Tests: tests/alerting/pipeline_sinks_test.cpp.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "alerting/sinks.h"
#include "alerting/templates.h"

namespace vigil::alerting {

// Each text with ${…} filled in, in the order given.
inline NamedTexts filled(const NamedTexts& templates, const ActionText& action) {
  NamedTexts texts;
  for (const auto& [name, text] : templates) texts.emplace_back(name, filled(text, action));
  return texts;
}

// The state of docs/actions.md for a receiver's word; nothing new for one that is not listed.
inline Sink::Progress progress_of(std::string_view word,
                                  std::initializer_list<std::pair<std::string_view, std::string_view>> known) {
  for (const auto& [theirs, ours] : known) {
    if (theirs == word) return {std::string(ours), ours == "failed" ? std::string(word) : std::string{}};
  }
  return {};
}

}  // namespace vigil::alerting
