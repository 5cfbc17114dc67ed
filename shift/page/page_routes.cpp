#include "shift/page/page_routes.h"

#include <algorithm>
#include <charconv>

#include "shift/page/page_assets.h"

namespace vigil::shift {
namespace {

Parameter any(std::string name) {
  return {std::move(name), "a text", [](const std::string&) { return true; }};
}

Parameter one_of(std::string name, std::string expected, std::vector<std::string> allowed) {
  return {std::move(name), std::move(expected), [allowed = std::move(allowed)](const std::string& text) {
            return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
          }};
}

Parameter number(std::string name, std::string expected, std::uint32_t least, std::uint32_t most) {
  return {std::move(name), std::move(expected), [least, most](const std::string& text) {
            std::uint32_t n = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
            return error == std::errc() && end == text.data() + text.size() && n >= least && n <= most;
          }};
}

// What a URL of the page may hold, whatever the view: the page keeps some of them from one view to the next.
std::vector<Parameter> state_of_the_page() {
  return {any("model"),
          any("stream"),
          any("monitor"),
          any("statistic"),
          any("window"),
          any("filter"),
          any("id"),
          number("run", "0..4294967295", 0, UINT32_MAX),
          number("ls", "1..16384", 1, 16384),
          one_of("theme", "dark or light", {"dark", "light"}),
          one_of("wall", "1", {"1"}),
          one_of("log", "1", {"1"})};
}

}  // namespace

std::vector<Route> page_routes() {
  const PageAssets& page = page_assets();
  std::vector<Route> out;
  for (const char* const view : {"/", "/model", "/monitor", "/actions", "/inputs", "/runs"}) {
    out.push_back({.method = "GET",
                   .pattern = view,
                   .caching = Caching::revalidate,
                   .parameters = state_of_the_page(),
                   .is_quick = true,
                   .handle = [&page](const Request&) -> Answer {
                     return {.content_type = "text/html; charset=utf-8", .body = std::string(page.document)};
                   }});
  }
  for (const Asset& asset : page.assets) {
    out.push_back({.method = "GET",
                   .pattern = "/assets/" + std::string(page.hash) + "/" + std::string(asset.name),
                   .caching = Caching::forever,
                   .is_quick = true,
                   .handle = [&asset](const Request&) -> Answer {
                     return {.content_type = std::string(asset.content_type), .packed = asset.gzipped};
                   }});
  }
  return out;
}

bool page_has_plots() { return page_assets().has_plots; }

}  // namespace vigil::shift
