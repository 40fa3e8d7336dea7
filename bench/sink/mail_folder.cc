#include "bench/sink/mail_folder.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace signpost::bench {

namespace {

bool write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return static_cast<bool>(out);
}

std::string describe(const ReceivedEnvelope& envelope, std::size_t size) {
  nlohmann::json object = {
      {"peer", envelope.peer},
      {"local", envelope.local},
      {"hello", envelope.hello},
      {"esmtp", envelope.esmtp},
      {"tls_version", envelope.tls_version},
      {"tls_cipher", envelope.tls_cipher},
      {"connection", envelope.connection},
      {"mail_from", envelope.reverse_path},
      {"mail_parameters", envelope.mail_parameters},
      {"size", size},
  };
  object["recipients"] = nlohmann::json::array();
  for (const auto& recipient : envelope.recipients) {
    object["recipients"].push_back(
        {{"address", recipient.address}, {"parameters", recipient.parameters}});
  }
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace

Result<void> MailFolder::make(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Errc::Io, folder + ": " + error.message());
  return {};
}

bool MailFolder::save(const ReceivedEnvelope& envelope, std::string_view content) {
  const std::uint64_t number = next_.fetch_add(1);
  if (number >= limit_) return false;
  const std::string base = fmt::format("{}/{:06}", folder_, number);
  if (!write_file(base + ".eml", content)) return false;
  if (!write_file(base + ".tmp", describe(envelope, content.size()))) return false;
  return std::rename((base + ".tmp").c_str(), (base + ".json").c_str()) == 0;
}

}  // namespace signpost::bench
