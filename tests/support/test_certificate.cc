#include "tests/support/test_certificate.h"

#include "base/check.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <memory>

namespace signpost::test {

namespace {

template <auto Function>
struct Free {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string content_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate read_certificate(const TestCertificate* pair) {
  if (pair == nullptr) return nullptr;
  const Bio in(BIO_new_mem_buf(pair->certificate.data(), -1));
  return Certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

Key read_key(const TestCertificate* pair) {
  if (pair == nullptr) return nullptr;
  const Bio in(BIO_new_mem_buf(pair->key.data(), -1));
  return Key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "signpost-test-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // nothing to be done about it here
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content) const {
  std::ofstream out(path_ / name, std::ios::binary);
  out << content;
  CHECK(out.flush().good());
  return file(name);
}

TestCertificate make_certificate(const std::vector<std::string>& names,
                                 const std::string& common_name) {
  return issue_certificate({.names = names, .common_name = common_name, .is_authority = true});
}

TestCertificate issue_certificate(const CertificateForm& form) {
  constexpr long kDay = 86400;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  CHECK(key && certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), form.first_day * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), form.last_day * kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(form.common_name.data()),
                             static_cast<int>(form.common_name.size()), -1, 0);
  const Certificate issuer = read_certificate(form.issuer);
  const Key issuer_key = read_key(form.issuer);
  X509_set_issuer_name(certificate.get(), issuer ? X509_get_subject_name(issuer.get()) : subject);
  std::string list;
  for (const std::string& name : form.names) list += (list.empty() ? "" : ",") + name;
  if (!list.empty()) add_extension(certificate.get(), NID_subject_alt_name, list);
  add_extension(certificate.get(), NID_basic_constraints,
                form.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  CHECK(X509_sign(certificate.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) > 0);

  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1);
  CHECK(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) == 1);
  return {content_of(certificate_text.get()), content_of(key_text.get())};
}

}  // namespace signpost::test
