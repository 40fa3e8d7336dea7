#include "admin/readiness.h"

namespace signpost::admin {

std::string words_of(Hindrance hindrance, const Services& services) {
  switch (hindrance) {
    case Hindrance::Draining:
      return services.draining.load() ? "draining: the relay is stopping" : "";
    case Hindrance::Storage:
      return services.committer.last_error();
    case Hindrance::Disk:
      return services.admission.disk_is_full()
                 ? "the disk is full: less than limits.disk_free is left"
                 : "";
    case Hindrance::Memory:
      return services.admission.memory_is_exhausted() ? "out of memory: limits.memory is in use"
                                                      : "";
  }
  return "";
}

std::string not_ready_reason(const Services& services) {
  for (std::size_t i = 0; i < kTexts<Hindrance>.size(); ++i) {
    if (std::string words = words_of(static_cast<Hindrance>(i), services); !words.empty()) {
      return words;
    }
  }
  return "";
}

}  // namespace signpost::admin
