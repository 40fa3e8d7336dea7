// The mark beside a queue by which a run asks the next one to check it, after damage that the
// database met while it ran, in a place that opening the queue would not read.
#pragma once

#include <string>

namespace signpost::rocks {

// The next open_queue() reads every octet before it trusts that the queue is whole.
void ask_for_check(const std::string& directory);
bool check_is_asked_for(const std::string& directory);
void forget_check(const std::string& directory);  // it is done, or no longer needed

}  // namespace signpost::rocks
