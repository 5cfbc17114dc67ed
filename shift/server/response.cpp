#include "shift/server/response.h"

#include <array>
#include <ctime>

#include "core/digest.h"
#include "shift/server/front.h"
#include "shift/server/gzip.h"

namespace vigil::shift {
namespace {

namespace http = boost::beast::http;

constexpr std::array<std::pair<const char*, const char*>, 4> kEveryAnswer{{
    // Inline style, never script, is what JSROOT needs.
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src "
     "'self'; "
     "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

const char* cache_control(Caching caching) {
  return caching == Caching::revalidate ? "no-cache"
         : caching == Caching::forever  ? "public, max-age=31536000, immutable"
                                        : "no-store";
}

// Weak: the same for the plain and the compressed body.
std::string tag_of(const std::string& body) { return "W/\"" + sha256_of(body).substr(0, 32) + "\""; }

}  // namespace

Response make_response(const AnswerForm& form, Answer answer) {
  Response out(static_cast<http::status>(answer.status), form.version);
  const bool is_stream = static_cast<bool>(answer.stream);
  for (const auto& [name, value] : kEveryAnswer) out.set(name, value);
  out.set(http::field::date, http_date());
  // What went wrong with an asset is not for ever.
  const bool is_lasting = form.caching != Caching::forever || answer.status == 200;
  out.set(http::field::cache_control, cache_control(is_lasting ? form.caching : Caching::never));
  out.set(http::field::vary, "Accept-Encoding");
  for (const auto& [name, value] : answer.headers) out.set(name, value);
  if (is_stream) {
    out.set(http::field::content_type, answer.content_type);
    out.keep_alive(form.keep_alive && form.version == 11);
    if (form.version == 11) out.chunked(true);
    return out;
  }
  if (answer.status == 200 && form.caching == Caching::revalidate) {
    const std::string tag = tag_of(answer.body);
    out.set(http::field::etag, tag);
    if (matches_tag(form.if_none_match, tag)) {
      out.result(http::status::not_modified);
      out.keep_alive(form.keep_alive);
      return out;
    }
  }
  out.set(http::field::content_type, answer.content_type);
  if (!answer.packed.empty() && form.takes_gzip) {
    out.set(http::field::content_encoding, "gzip");
    out.body() = std::string(answer.packed);
  } else if (!answer.packed.empty()) {
    out.body() = gunzip(answer.packed);
  } else if (form.takes_gzip && !answer.body.empty()) {
    out.set(http::field::content_encoding, "gzip");
    out.body() = gzip(answer.body);
  } else {
    out.body() = std::move(answer.body);
  }
  out.keep_alive(form.keep_alive);
  out.prepare_payload();
  if (form.is_head) out.body().clear();  // Content-Length stays what it would be
  return out;
}

}  // namespace vigil::shift
