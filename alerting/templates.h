// The texts a configuration gives for a pipeline's parameters, with ${id}, ${kind}, … filled in from an action.
// Pure; thread-safe. Tests: tests/alerting/templates_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/action.h"

namespace vigil::alerting {

// An action as sinks see it: what its line says.
struct ActionText {
  explicit ActionText(const OutgoingAction& action);  // throws nlohmann's exception for a line that is none

  std::string id, kind, model, model_hash, stream, cause, subject, reason;
  std::uint64_t run = 0, first_ls = 0, last_ls = 0;
  std::string first_monitor;  // of its proposal; empty: it names none
  std::string to;             // of a rollback: the hash to go back to
  std::string event, dataset, dataset_sha256;
};

// What is wrong with a template, empty: nothing. Expected: kTemplate.
std::string template_problem(const std::string& text);
inline constexpr const char* kTemplate =
    "text with ${id} ${kind} ${model} ${model_hash} ${stream} ${cause} ${subject} ${run} ${first_ls} ${last_ls} "
    "${reason} ${event} ${dataset} ${dataset_sha256}, $$ for $";

// `text`, which template_problem() found nothing wrong with, filled in.
std::string filled(const std::string& text, const ActionText& action);

}  // namespace vigil::alerting
