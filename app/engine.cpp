#include "app/engine.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/whole_file.h"

namespace vigil::app {
namespace fs = std::filesystem;

// Within a JSON text every quote is escaped, so that these patterns meet keys alone, whatever a reason says.
const char* const kAskStatus = R"sh(status=$("$vigil" status "$plan" --json)
todo=$({
  printf '%s\n' "$status" | sed -n 's/.*"missing":\[\([0-9,]*\)\].*/\1/p' | tr ',' '\n'
  printf '%s\n' "$status" | grep -o '{"part":[0-9]*,"reason":' | tr -dc '0-9\n'
} | sed '/^$/d' | sort -n -u)
)sh";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string shell_quoted(std::string_view text) { return "'" + replaced(std::string(text), "'", R"('\'')") + "'"; }

std::string part_name(std::uint32_t part) { return fmt::format("part{:05}", part); }

std::string submit_head(const EngineTask& task, const std::string& engine) {
  for (const std::string* path : {&task.plan, &task.vigil, &task.folder}) {
    if (path->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
      throw Error(*path, "a path with a line break", "one without, as scripts are made of lines");
    }
  }
  for (const std::string& option : task.options) {
    if (option.empty() || option.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
      throw Error("--option '" + option + "'", option.empty() ? "nothing" : "a line break", "one line");
    }
  }
  return fmt::format(
      "#!/bin/sh\n"
      "# Submits to {} the parts of the plan that are missing or bad, then the merge. After a failure: run it again.\n"
      "# {}; it replaces this file.\n"
      "set -eu\n"
      "vigil={}\n"
      "plan={}\n"
      "here={}\n",
      engine, kEngineMark, shell_quoted(task.vigil), shell_quoted(task.plan), shell_quoted(task.folder));
}

void check_engine_folder(const std::string& folder, const EngineFiles& files, const std::string& besides) {
  const auto refuse = [&](const std::string& what) {
    throw Error(folder, what, "a folder that is new, empty, or was written by `vigil plan` for the same engine");
  };
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    const fs::path above = fs::path(folder).parent_path();
    if (!fs::is_directory(above, error)) throw Error(folder, "its folder is missing", "an existing folder");
    return;
  }
  if (!fs::is_directory(status)) refuse("is no folder");
  fs::directory_iterator entries(folder, error);
  if (error) refuse("cannot be listed: " + error.message());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (!besides.empty() && name.starts_with(besides)) continue;
    if (!files.contains(name) || !entry.is_regular_file(error) ||
        read_whole(entry.path().string(), "a readable file").find(kEngineMark) == std::string::npos) {
      refuse("holds '" + name + "'");
    }
  }
}

void write_engine_files(const std::string& folder, const EngineFiles& files, const std::string& besides) {
  check_engine_folder(folder, files, besides);
  std::error_code error;
  const bool made = fs::create_directory(folder, error);
  if (error) throw Error(folder, "cannot be made: " + error.message(), "a writable folder");
  std::vector<fs::path> written;
  try {
    for (const auto& [name, text] : files) {
      const fs::path path = fs::path(folder) / name;
      const bool is_new = !fs::exists(path);
      write_whole(path.string(), text);
      if (is_new) written.push_back(path);
      if (name.ends_with(".sh")) {
        fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                        fs::perm_options::add);
      }
    }
  } catch (...) {
    for (const fs::path& path : written) fs::remove(path, error);
    if (made) fs::remove(folder, error);
    throw;
  }
}

}  // namespace vigil::app
