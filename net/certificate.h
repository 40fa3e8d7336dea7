// A server's certificate with its chain: read from PEM, and what a client would object to.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace signpost::net {

// Constant after reading; shared.
class Certificate {
 public:
  // The server's own certificate first, then those that vouch for it. The error says what the text
  // lacks.
  static Result<std::shared_ptr<const Certificate>> from_pem(std::string_view pem);

  SystemTime not_before() const;
  SystemTime not_after() const;
  std::vector<std::string> names() const;  // host names in its subjectAltName
  // As clients judge: by the subjectAltName alone (RFC 9525 section 2).
  bool is_for(const std::string& host) const;
  // Why a client that trusts what this system trusts cannot follow the chain at this time: a
  // missing link, one that has expired, or no chain, since the certificate is signed by itself; ""
  // if it can, or if the chain ends in a root of its own. Reads the system's trust store.
  std::string chain_problem() const;

  // The server's own, and the others. For this folder.
  x509_st* own() const { return chain_.front().get(); }
  std::vector<x509_st*> others() const;

 private:
  struct Free {
    void operator()(x509_st* certificate) const noexcept;
  };
  using Pointer = std::unique_ptr<x509_st, Free>;

  std::vector<Pointer> chain_;  // never empty
};

}  // namespace signpost::net
