// The files of the page as they are inside the executable: made from shift/page and npm's packages by embed_main.cpp
// when vigil is built. Used by page_routes.cpp alone. Constants; thread-safe. Tests: tests/shift/page_routes_test.cpp.
#pragma once

#include <span>
#include <string_view>

namespace vigil::shift {

struct Asset {
  std::string_view name;  // main.js, jsroot/core.mjs
  std::string_view content_type;
  std::string_view gzipped;
};

struct PageAssets {
  std::string_view hash;      // of the content of all of them
  std::string_view document;  // HTML that names the assets by it
  bool has_plots = false;     // uPlot and JSROOT are among them
  std::span<const Asset> assets;
};

const PageAssets& page_assets();

}  // namespace vigil::shift
