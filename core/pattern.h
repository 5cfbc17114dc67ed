// Patterns of names, as configurations give them: of models, monitors, sources. Pure; thread-safe.
// Tests: tests/monitors/rule_test.cpp.
#pragma once

#include <string_view>

namespace vigil {

// Whether `name` matches `pattern`, in which `*` stands for any run of characters. Linear but for stars: no pattern
// takes longer than pattern times name.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace vigil
