#include "fpga_model/import/hls4ml/kernel_text.h"

namespace vigil::fpga_model::hls4ml {

KernelText read_kernel_text(const ProjectContext& project, const std::string& header, const std::string& function) {
  KernelText text;
  const auto file = project.headers.find(header);
  if (file == project.headers.end()) return text;
  const std::vector<Token>& tokens = file->second.tokens;
  std::size_t i = 0;
  // void sigmoid(
  while (i + 2 < tokens.size() &&
         !(tokens[i].text == "void" && tokens[i + 1].text == function && tokens[i + 2].text == "("))
    ++i;
  while (i < tokens.size() && tokens[i].text != "{") ++i;
  if (i == tokens.size()) return text;
  text.found = true;
  int depth = 0;
  for (; i < tokens.size(); ++i) {
    if (tokens[i].text == "{") ++depth;
    if (tokens[i].text == "}" && --depth == 0) break;
    const auto at = [&](std::size_t ahead) {
      return i + ahead < tokens.size() ? tokens[i + ahead].text : std::string_view{};
    };
    if (at(0) == "unsigned" && (at(1) == "index" || (at(1) == "int" && at(2) == "index"))) text.unsigned_index = true;
    if (at(0) == "index" && at(1) == "<" && at(2) == "0") text.clamps_below = true;
    if (at(0) == "res_T" && at(1) == function + "_table" && at(2) == "[") text.table_of_result = true;
  }
  return text;
}

}  // namespace vigil::fpga_model::hls4ml
