#include "shift/server/tls.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace vigil::shift {
namespace {

namespace ssl = boost::asio::ssl;

void require_file(const std::string& path, const char* expected, bool is_secret) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || ::access(path.c_str(), R_OK) != 0)
    throw Error(path, std::strerror(errno), expected);
  if (!S_ISREG(s.st_mode)) throw Error(path, "no regular file", expected);
  if (is_secret && (s.st_mode & S_IRWXO) != 0)
    throw Error(path, "open to others", std::string(expected) + " (chmod o=)");
}

}  // namespace

std::unique_ptr<ssl::context> load_tls(const std::string& certificate_file, const std::string& key_file) {
  constexpr const char* kCertificate = "a certificate (PEM, the chain after it)";
  constexpr const char* kKey =
      "the private key of the certificate (PEM, without passphrase), for its owner and group only";
  require_file(certificate_file, kCertificate, false);
  require_file(key_file, kKey, true);
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Else OpenSSL asks the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context->use_certificate_chain_file(certificate_file, error);
  if (error) throw Error(certificate_file, "no certificate", kCertificate);
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(context->native_handle()) != 1) {
    throw Error(key_file, "no key, or of another certificate", kKey);
  }
  return context;
}

}  // namespace vigil::shift
