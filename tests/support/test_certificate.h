// Certificates made on the spot: tests carry no keys and nothing that expires.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace signpost::test {

// A directory that goes with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const;  // its path

 private:
  std::filesystem::path path_;
};

struct TestCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

// A self-signed P-256 certificate, valid from two days ago to tomorrow, for these names:
// "DNS:a.example" or "IP:192.0.2.1".
TestCertificate make_certificate(const std::vector<std::string>& names,
                                 const std::string& common_name = "signpost test");

struct CertificateForm {
  std::vector<std::string> names{};
  std::string common_name = "signpost test";
  const TestCertificate* issuer = nullptr;  // null: itself
  bool is_authority = false;
  long first_day = -2;  // from today
  long last_day = 1;
};
TestCertificate issue_certificate(const CertificateForm& form);

}  // namespace signpost::test
