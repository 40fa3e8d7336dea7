#include "bench/sink/mail_folder.h"

#include "bench/wire/output.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace signpost::bench {

namespace {

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

Result<bool> MailFolder::save(const ReceivedEnvelope& envelope, std::string_view content) {
  const std::uint64_t number = next_.fetch_add(1);
  if (number >= limit_) return false;
  const std::string base = fmt::format("{}/{:06}", folder_, number);
  for (const auto& written : {write_file(base + ".eml", content),
                              write_file(base + ".json", describe(envelope, content.size()))}) {
    if (!written) return Failure(written.error());
  }
  return true;
}

}  // namespace signpost::bench
