#include "shift/server/heads.h"

#include <boost/beast/http/error.hpp>

#include "shift/server/front.h"

namespace vigil::shift {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

}  // namespace

Head read_head(const http::request<http::string_body>& request, std::size_t bytes) {
  Head head;
  head.method = std::string(request.method_string());
  head.target = std::string(request.target());
  for (const auto& field : request)
    head.fields.emplace_back(lower(std::string(field.name_string())), std::string(field.value()));
  const std::size_t line = head.method.size() + head.target.size() + 14;  // two spaces, HTTP/1.1, two line ends
  head.field_bytes = bytes - std::min(bytes, line);
  return head;
}

std::optional<Answer> broken_head(const boost::system::error_code& error, std::string_view read) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    const std::size_t line = read.find('\n');
    if (line == std::string_view::npos || line > kTargetBytes + 64) {
      return problem_answer("uri-too-long", "path: expected at most " + std::to_string(kTargetBytes) + " bytes");
    }
    return problem_answer("headers-too-large", "headers: expected at most " + std::to_string(kFieldBytes) + " bytes");
  }
  if (error.category() != http::make_error_code(http::error::bad_target).category() ||
      error == http::error::end_of_stream || error == http::error::partial_message) {
    return {};
  }
  return problem_answer("bad-request", "request: no HTTP/1.1 (" + error.message() + ")");
}

std::string address_text(const net::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace vigil::shift
