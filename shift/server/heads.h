// The head of a request as Beast read it, in the room's own terms. Internal to the room; pure; thread-safe.
// Tests: tests/contract/http_rules_test.py.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "shift/server/exchange.h"

namespace vigil::shift {

// `bytes`: of the whole head, with request line and empty line. Peer and local address are left empty.
Head read_head(const boost::beast::http::request<boost::beast::http::string_body>& request, std::size_t bytes);

// What to say of a head that could not be read, `read` what there is of it; nullopt: nothing, or nobody is there.
std::optional<Answer> broken_head(const boost::system::error_code& error, std::string_view read);

// IPv4 inside IPv6 as IPv4.
std::string address_text(const boost::asio::ip::address& address);

}  // namespace vigil::shift
