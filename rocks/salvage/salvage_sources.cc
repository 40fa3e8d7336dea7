#include "rocks/salvage/salvage_sources.h"

#include "rocks/salvage/blob_records.h"
#include "rocks/salvage/log_records.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace fs = std::filesystem;

std::vector<std::string> files_of(const std::string& directory, std::string_view kind) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == kind) files.push_back(entry.path());
  }
  std::ranges::sort(files);  // their numbers have leading zeros
  return files;
}

std::string octets_of(const std::string& file) {
  constexpr std::size_t kSector = 4096;
  std::error_code error;
  const auto length = fs::file_size(file, error);
  if (error) return "";
  std::string octets(length, '\0');
  std::ifstream in(file, std::ios::binary);
  for (std::size_t at = 0; at < octets.size(); at += kSector) {
    const std::size_t size = std::min(kSector, octets.size() - at);
    in.clear();
    in.seekg(static_cast<std::streamoff>(at));
    in.read(octets.data() + at, static_cast<std::streamsize>(size));
  }
  return octets;
}

std::string LogSources::read(std::size_t source) const {
  std::string octets = octets_of(files_[source % files_.size()]);
  if (!certain(source)) return without_block_headers(std::move(octets));
  std::string records;
  LogReader().read(octets, records);
  return records;
}

Blobs::Blobs(const std::string& directory) : files_(files_of(directory, ".blob")) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    find_blobs(octets_of(files_[i]), [&](const queue::MessageId& id, std::size_t offset,
                                         std::size_t size) { places_[id] = {i, offset, size}; });
  }
}

std::optional<std::string> Blobs::content(const queue::MessageId& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return std::nullopt;
  const Place& place = found->second;
  if (std::exchange(open_, place.file) != place.file) octets_ = octets_of(files_[place.file]);
  if (!blob_is_whole(octets_, place.offset, place.size)) return std::nullopt;
  return uncompressed_blob(octets_, place.offset, place.size);
}

}  // namespace signpost::rocks
