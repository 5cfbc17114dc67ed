// What a report shows of a configuration: everything but what could be a secret. vigil keeps secrets in files of their
// own and refuses them in clear where it knows a key; this is for what it does not know, as a property of a broker or
// the user in a URL. Used by the report. Pure. Tests: tests/shift/masked_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace vigil::shift {

// The same YAML with *** for the value of every key whose name says secret, password, token, credential or key (but not
// the _file of one), and for user and password in URLs.
std::string masked_yaml(std::string_view yaml);

}  // namespace vigil::shift
