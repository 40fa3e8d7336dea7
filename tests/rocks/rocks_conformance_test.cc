// The suite that every engine passes, over RocksDB.
#include "rocks/rocks_store.h"
#include "tests/queue/store_conformance.h"
#include "tests/support/temporary_directory.h"

#include <memory>
#include <string>
#include <utility>

namespace signpost::queue {
namespace {

class Subject final : public ConformanceSubject {
 public:
  Subject() { open(); }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = rocks::open_store(directory_.path() + "/queue", {.write_buffer_size = 1 << 20});
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

std::unique_ptr<ConformanceSubject> make() { return std::make_unique<Subject>(); }

INSTANTIATE_TEST_SUITE_P(Rocks, StoreConformance, testing::Values(&make));

}  // namespace
}  // namespace signpost::queue
