// vigil_embed PAGE MODULES OUT: writes the C++ source of page_assets() from the folder of the page, its assets.list and
// npm's node_modules (`-`: there are none, and the page shows tables for plots). Runs when vigil is built; the same
// files give the same bytes. Exit code 1 and a line on stderr for a file that is missing.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/digest.h"
#include "shift/server/gzip.h"

namespace {

struct File {
  std::string name, content;
};

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

const char* content_type(const std::string& name) {
  const auto ends = [&](const char* end) { return name.ends_with(end); };
  if (ends(".js") || ends(".mjs")) return "text/javascript; charset=utf-8";
  if (ends(".css")) return "text/css; charset=utf-8";
  if (ends(".svg")) return "image/svg+xml";
  return "text/plain; charset=utf-8";
}

// Bytes as a string literal: octal, so that no digit after one belongs to it.
void write_literal(std::ostream& out, const std::string& bytes) {
  constexpr std::size_t kLine = 4096;
  for (std::size_t at = 0; at < std::max<std::size_t>(bytes.size(), 1); at += kLine) {
    out << "\n\"";
    for (const char c : bytes.substr(at, kLine)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 32 && byte < 127 && c != '"' && c != '\\' && c != '?') {
        out << c;
      } else {
        std::array<char, 8> octal{};
        std::snprintf(octal.data(), octal.size(), "\\%03o", byte);
        out << octal.data();
      }
    }
    out << '"';
  }
}

// `text` as a std::string_view with its size: it holds NUL.
void write_view(std::ostream& out, const std::string& bytes) {
  out << "{";
  write_literal(out, bytes);
  out << ", " << bytes.size() << "}";
}

std::vector<File> read_list(const std::string& page, const std::string& modules) {
  std::vector<File> out;
  std::istringstream lines(read(page + "/assets.list"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, source;
    words >> name >> source;
    const std::string npm = "node_modules/";
    if (!source.starts_with(npm)) {
      out.push_back({name, read(page + "/" + source)});
    } else if (modules != "-") {
      out.push_back({name, read(modules + "/" + source.substr(npm.size()))});
    }
  }
  return out;
}

void embed(const std::string& page, const std::string& modules, const std::string& to) {
  const std::vector<File> files = read_list(page, modules);
  std::string document = read(page + "/index.html");
  replace_all(document, "@PLOTS@", modules == "-" ? "false" : "true");
  vigil::Sha256 sha256;
  sha256.update(document);
  for (const File& file : files) {
    sha256.update(file.name + " " + std::to_string(file.content.size()) + "\n");
    sha256.update(file.content);
  }
  const std::string hash = sha256.hex().substr(0, 16);
  replace_all(document, "@ASSETS@", "/assets/" + hash);

  std::ofstream out(to + ".new", std::ios::binary);
  out << "// Made by vigil_embed from shift/page; not to be edited.\n#include <array>\n\n#include "
         "\"shift/page/page_assets.h\"\n\n"
         "namespace vigil::shift {\nnamespace {\n\nusing std::string_view;\n\nconstexpr std::array<Asset, "
      << files.size() << "> kAssets{{\n";
  for (const File& file : files) {
    out << "Asset{\"" << file.name << "\", \"" << content_type(file.name) << "\", string_view";
    write_view(out, vigil::shift::gzip(file.content));
    out << "},\n";
  }
  out << "}};\n\nconstexpr PageAssets kPage{\"" << hash << "\", string_view";
  write_view(out, document);
  out << ", " << (modules == "-" ? "false" : "true")
      << ", kAssets};\n\n}  // namespace\n\nconst PageAssets& page_assets() { return kPage; }\n\n}  // namespace "
         "vigil::shift\n";
  out.close();
  if (!out || std::rename((to + ".new").c_str(), to.c_str()) != 0) throw std::runtime_error(to + ": cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: vigil_embed PAGE MODULES|- OUT\n");
    return 1;
  }
  try {
    embed(argv[1], argv[2], argv[3]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "vigil_embed: %s\n", e.what());
    return 1;
  }
  return 0;
}
