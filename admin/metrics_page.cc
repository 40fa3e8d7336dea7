#include "admin/metrics_page.h"

namespace signpost::admin {

const std::string& MetricsPage::text() {
  const SteadyTime begun = clock_.steady_now();
  if (begun < stale_) return text_;
  text_ = make_();
  const SteadyTime made = clock_.steady_now();
  stale_ = made + 3 * (made - begun);
  return text_;
}

}  // namespace signpost::admin
