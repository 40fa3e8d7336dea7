#include "net/certificate.h"

#include "base/pem.h"
#include "net/openssl_error.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <utility>

namespace signpost::net {

namespace {

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

// A certificate with a passphrase is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) noexcept { return 0; }

SystemTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return SystemTime(std::chrono::seconds(::timegm(&parts)));
}

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, FreeWith<BIO_free_all>> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    return "?";
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool is_missing_link(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

}  // namespace

void Certificate::Free::operator()(x509_st* certificate) const noexcept { X509_free(certificate); }

Result<std::shared_ptr<const Certificate>> Certificate::from_pem(std::string_view pem) {
  ERR_clear_error();
  const std::unique_ptr<BIO, FreeWith<BIO_free_all>> in(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  auto certificate = std::make_shared<Certificate>();
  while (X509* const next = PEM_read_bio_X509_AUX(in.get(), nullptr, no_passphrase, nullptr)) {
    certificate->chain_.emplace_back(next);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (at_end && !certificate->chain_.empty()) return certificate;
  if (const auto instead = pem::instead_of_certificate(pem); !instead.empty()) {
    return fail(Errc::InvalidArgument, std::string(instead));
  }
  // OpenSSL's reason is that of a decoder which the operator never named.
  if (!at_end) {
    return fail(Errc::InvalidArgument, "has a damaged certificate (number " +
                                           std::to_string(certificate->chain_.size() + 1) +
                                           " in the file); copy the whole file again");
  }
  return fail(
      Errc::InvalidArgument,
      "has no certificate in PEM; write the certificate, and after it those of its chain, into it");
}

SystemTime Certificate::not_before() const { return time_of(X509_get0_notBefore(own())); }
SystemTime Certificate::not_after() const { return time_of(X509_get0_notAfter(own())); }

std::vector<std::string> Certificate::names() const {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(own(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(found.get(), i), &type);
    if (type != GEN_DNS) continue;
    const auto* const name = static_cast<const ASN1_STRING*>(value);
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
                       static_cast<std::size_t>(ASN1_STRING_length(name)));
  }
  return names;
}

bool Certificate::is_for(const std::string& host) const {
  return X509_check_host(own(), host.data(), host.size(),
                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

std::vector<x509_st*> Certificate::others() const {
  std::vector<x509_st*> others;
  for (std::size_t i = 1; i < chain_.size(); ++i) others.push_back(chain_[i].get());
  return others;
}

std::string Certificate::chain_problem() const {
  const std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> context(
      X509_STORE_CTX_new());
  const auto free_stack = [](STACK_OF(X509) * stack) { sk_X509_free(stack); };
  const std::unique_ptr<STACK_OF(X509), decltype(free_stack)> stack(sk_X509_new_null());
  for (X509* const other : others()) sk_X509_push(stack.get(), other);
  if (X509_STORE_set_default_paths(store.get()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), own(), stack.get()) != 1 ||
      X509_verify_cert(context.get()) == 1) {
    ERR_clear_error();
    return "";
  }
  ERR_clear_error();
  const int error = X509_STORE_CTX_get_error(context.get());
  X509* const at = X509_STORE_CTX_get_current_cert(context.get());
  if (at == nullptr) return "";
  if (is_missing_link(error)) {
    return "the chain is incomplete: " + name_text(X509_get_issuer_name(at)) +
           " is neither in the file nor an authority that this system trusts";
  }
  if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
    return "is self-signed: clients refuse it unless they are set up to trust it; get one issued "
           "by "
           "an authority that they know";
  }
  if (error == X509_V_ERR_CERT_HAS_EXPIRED && at != own()) {
    return "the chain's certificate of " + name_text(X509_get_subject_name(at)) + " has expired";
  }
  return "";
}

}  // namespace signpost::net
