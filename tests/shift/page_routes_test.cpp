// The page inside the executable: every asset whole, every import of it there, everything that the document names.
#include "shift/page/page_routes.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>

#include "shift/page/page_assets.h"
#include "shift/server/gzip.h"

namespace vigil::shift {
namespace {

using testing::HasSubstr;
using testing::Not;

// Text of each asset by its path.
std::map<std::string, std::string> texts() {
  std::map<std::string, std::string> out;
  for (const Route& route : page_routes()) {
    if (route.caching != Caching::forever) continue;
    out[route.pattern] = gunzip(route.handle({}).packed);
  }
  return out;
}

std::string joined(const std::string& from, std::string to) {
  std::string folder = from.substr(0, from.rfind('/'));
  while (to.starts_with("./") || to.starts_with("../")) {
    if (to.starts_with("../")) folder = folder.substr(0, folder.rfind('/'));
    to = to.substr(to.find('/') + 1);
  }
  return folder + "/" + to;
}

TEST(Page, DocumentNamesAssetsThatAreThere) {
  const auto assets = texts();
  const std::string document(page_assets().document);
  const std::regex named("(?:href|src)=\"([^\"]+)\"");
  std::size_t n = 0;
  for (std::sregex_iterator at(document.begin(), document.end(), named), end; at != end; ++at, ++n) {
    EXPECT_TRUE(assets.contains((*at)[1])) << (*at)[1];
  }
  EXPECT_GE(n, 4u);
  EXPECT_THAT(document, Not(HasSubstr("@")));
  // The policy that the server sends allows no script but files.
  EXPECT_THAT(document, Not(HasSubstr("<script>")));
}

// A module that is imported and not embedded would be found out by a person only, at the first click that needs it.
TEST(Page, EveryImportIsThere) {
  const auto assets = texts();
  const std::regex imported("(?:from\\s*|import\\(|import\\s+|new URL\\()'(\\.[^']+)'");
  std::size_t n = 0;
  for (const auto& [path, text] : assets) {
    if (!page_has_plots() && path.find("/plot_") != std::string::npos) continue;
    for (std::sregex_iterator at(text.begin(), text.end(), imported), end; at != end; ++at, ++n) {
      EXPECT_TRUE(assets.contains(joined(path, (*at)[1]))) << path << " imports " << (*at)[1];
    }
  }
  EXPECT_GE(n, 40u);
}

TEST(Page, OneDocumentAtEveryView) {
  std::set<std::string> views;
  for (const Route& route : page_routes()) {
    if (route.caching == Caching::forever) continue;
    EXPECT_EQ(route.caching, Caching::revalidate);
    const Answer answer = route.handle({});
    EXPECT_EQ(answer.body, page_assets().document);
    EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
    views.insert(route.pattern);
  }
  EXPECT_EQ(views, (std::set<std::string>{"/", "/model", "/monitor", "/actions", "/inputs", "/runs"}));
}

TEST(Page, TypesThatBrowsersInsistOn) {
  for (const Asset& asset : page_assets().assets) {
    const bool is_module = asset.name.ends_with("js");
    if (is_module) EXPECT_EQ(asset.content_type, "text/javascript; charset=utf-8") << asset.name;
    EXPECT_FALSE(gunzip(asset.gzipped).empty()) << asset.name;
  }
}

// docs/page.md: at most 400 kB for the overview, which loads all modules but the plot libraries.
TEST(Page, OverviewIsLight) {
  std::size_t bytes = 0;
  for (const Asset& asset : page_assets().assets) {
    if (asset.name.find("jsroot") == std::string_view::npos && !asset.name.starts_with("uPlot")) {
      bytes += asset.gzipped.size();
    }
  }
  EXPECT_GT(bytes, 10'000u);
  EXPECT_LT(bytes, 100'000u);
}

TEST(Page, ItsOwnModulesNeverMakeMarkup) {
  for (const auto& [path, text] : texts()) {
    if (path.find("jsroot") != std::string::npos || path.find("uPlot") != std::string::npos) continue;
    for (const char* const never : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("}) {
      EXPECT_THAT(text, Not(HasSubstr(never))) << path;
    }
  }
}

TEST(Page, StateOfTheUrlIsChecked) {
  const Route page = page_routes().front();
  EXPECT_NO_THROW(parse_query("model=a%2Fb&run=1&ls=3&theme=dark&wall=1&log=1&id=x&filter=", page.parameters));
  for (const char* const wrong :
       {"run=x", "ls=0", "ls=16385", "theme=pink", "wall=2", "log=", "run=1&run=2", "nope=1"}) {
    EXPECT_THROW(parse_query(wrong, page.parameters), BadRequest) << wrong;
  }
}

}  // namespace
}  // namespace vigil::shift
