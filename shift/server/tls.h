// Certificate and key of the server. Internal to the room: its users are server.cpp and settings_check.cpp.
// Tests: tests/contract/http_tls_test.py.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace vigil::shift {

// TLS 1.2 or newer. Throws Error naming the file: missing, unreadable, no PEM, a key that others may read or of another
// certificate.
std::unique_ptr<boost::asio::ssl::context> load_tls(const std::string& certificate_file, const std::string& key_file);

}  // namespace vigil::shift
