// Manual pages in roff; declared in command_text.h.
#include <fmt/format.h>

#include <algorithm>

#include "app/command_text.h"
#include "core/utf8.h"

namespace vigil::app {
namespace {

std::string page_name(const Command* command) {
  std::string out = command == nullptr ? "vigil" : "vigil-" + command->name;
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  return text;
}

// A request's argument.
std::string argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : roff_text(text)) out += c == '"' ? std::string("\\(dq") : std::string(1, c);
  return out + "\"";
}

std::string value_of(const Option& option) {
  if (std::holds_alternative<bool*>(option.into)) return {};
  std::string type = "TEXT";
  if (std::holds_alternative<double*>(option.into)) type = "NUMBER";
  if (std::holds_alternative<std::uint32_t*>(option.into)) type = "NUMBER";
  if (std::holds_alternative<std::optional<std::uint32_t>*>(option.into)) type = "NUMBER";
  if (std::holds_alternative<std::vector<std::string>*>(option.into)) type += "...";
  if (!option.one_of.empty()) {
    type.clear();
    for (const std::string& one : option.one_of) type += (type.empty() ? "" : "|") + one;
  }
  return type;
}

std::string shown_names(const Option& option) {
  std::string out;
  for (const char c : option.names) out += c == ',' ? std::string(", ") : std::string(1, c);
  return out;
}

std::string synopsis(const Command& command) {
  std::string out = ".B vigil " + roff_text(command.name) + "\n";
  if (!command.run) return out + ".I COMMAND\n";
  for (const Option& option : command.options) {
    if (option.names.starts_with('-')) continue;
    const bool needed = option.presence == Presence::required;
    out +=
        ".RI " + argument(needed ? "" : "[") + " " + argument(option.names) + " " + argument(needed ? "" : "]") + "\n";
  }
  return out + ".RI [ OPTIONS ]\n";
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  bool begins = true;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    if (begins && (c.code == '.' || c.code == '\'')) out += "\\&";
    begins = c.code == '\n';
    if (c.code == '\\') {
      out += "\\(rs";
    } else if (c.code == '-') {
      out += "\\-";
    } else if (c.code == '\'') {
      out += "\\(aq";
    } else if (c.code == '`') {
      out += "\\(ga";
    } else if (c.code == '^') {
      out += "\\(ha";
    } else if (c.code == '~') {
      out += "\\(ti";
    } else if (!c.valid) {
      out += "\\[uFFFD]";
    } else if (c.code >= 0x80) {
      out += fmt::format("\\[u{:04X}]", c.code);
    } else {
      out += static_cast<char>(c.code);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string manual_page(const std::vector<Command>& commands, const Command* command, const std::string& version) {
  const std::string about =
      command == nullptr ? "watches machine-learning models that run in FPGA triggers" : command->about;
  std::string out = ".TH " + argument(in_capitals(page_name(command))) + " 1 \"\" " + argument("vigil " + version) +
                    " \"vigil manual\"\n.SH NAME\n" + roff_text(page_name(command)) + " \\- " + roff_text(about) +
                    "\n.SH SYNOPSIS\n";
  if (command == nullptr) {
    out += ".B vigil\n.I COMMAND\n.RI [ OPTIONS ]\n";
  } else {
    out += synopsis(*command);
  }
  if (command != nullptr && !command->options.empty()) {
    out += ".SH OPTIONS\n";
    for (const Option& option : command->options) {
      const std::string value = value_of(option);
      out += ".TP\n.BI " + argument(shown_names(option)) +
             (value.empty() || !option.names.starts_with('-') ? "" : " " + argument(" " + value)) + "\n" +
             roff_text(option.about) + (option.presence == Presence::required ? " (required)" : "") + "\n";
      if (option.range) {
        out += roff_text(fmt::format("({} to {})", option.range->first, option.range->second)) + "\n";
      }
    }
  }
  const bool is_group = command != nullptr && !command->run;
  if (command == nullptr || is_group) {
    out += ".SH COMMANDS\n";
    for (const Command& one : commands) {
      if (is_group && !one.name.starts_with(command->name + " ")) continue;
      if (!is_group && !one.run) continue;
      out += ".TP\n.B " + argument("vigil " + one.name) + "\n" + roff_text(one.about) + "\n";
    }
  }
  if (command != nullptr) out += ".SH EXAMPLE\n.EX\n" + roff_text(command->example) + "\n.EE\n";
  out +=
      ".SH EXIT STATUS\n0: done.\n1: done, and what was asked to fail on occurred.\n2: wrong usage, or something that "
      "a start "
      "needs is missing or wrong; one line says what.\n3: something broke after a good start.\n";
  out += ".SH SEE ALSO\n";
  if (command != nullptr) {
    out += ".BR vigil (1)\n";
  } else {
    out += ".B \"vigil man COMMAND\"\nprints the page of a command,\n.B \"vigil COMMAND \\-\\-help\"\nits help.\n";
  }
  return out;
}

}  // namespace vigil::app
