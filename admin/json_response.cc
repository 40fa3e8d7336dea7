#include "admin/json_response.h"

#include <nlohmann/json.hpp>

namespace signpost::admin {

HttpResponse json_response(int status, const nlohmann::json& json) {
  return {status, "application/json",
          json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

HttpResponse json_error(int status, std::string_view error) {
  return json_response(status, {{"error", error}});
}

HttpResponse json_error(const Error& error) {
  if (error.code == Errc::InvalidArgument) return json_error(400, error.detail);
  return json_error(error.code == Errc::NotFound ? 404 : 503, error.detail);
}

}  // namespace signpost::admin
