// Responses of the API: JSON objects.
#pragma once

#include "admin/http_message.h"
#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace signpost::admin {

// Bytes that are not UTF-8 (a peer's reply may hold any) are replaced, not thrown over.
HttpResponse json_response(int status, const nlohmann::json& json);
HttpResponse json_error(int status, std::string_view error);
HttpResponse json_error(const Error& error);  // 404 or 503

}  // namespace signpost::admin
