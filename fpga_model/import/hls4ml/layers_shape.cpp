// Transposes, copies and repacking of streams, embedding.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

std::vector<std::size_t> read_numbers(const Call& call, const Range& list, std::size_t count, std::size_t most) {
  std::vector<std::size_t> numbers;
  for (const Range& part : split_at_commas(list)) {
    const std::int64_t value = call.project->declarations.integer(part);
    if (value < 0 || value > static_cast<std::int64_t>(most))
      call.refuse(std::to_string(value), "0.." + std::to_string(most));
    numbers.push_back(static_cast<std::size_t>(value));
  }
  if (numbers.size() != count) call.refuse(std::to_string(numbers.size()) + " axes", std::to_string(count));
  return numbers;
}

std::vector<std::size_t> read_axes(const Call& call, const std::string& array, std::size_t count, std::size_t most) {
  const Array* declared = call.project->declarations.array(array);
  if (declared == nullptr || !declared->initialised) call.refuse("'" + array + "' is not declared", "an array of axes");
  return read_numbers(call, declared->initial, count, most);
}

void write_transpose(const Call& call, const Shape& in, const std::vector<std::size_t>& permutation) {
  Shape out;
  std::vector<bool> seen(in.size(), false);
  for (const std::size_t axis : permutation) {
    if (axis >= in.size() || seen[axis]) call.refuse("a permutation of other axes", "each axis once");
    seen[axis] = true;
    out.push_back(in[axis]);
  }
  const std::string input = call.read(0, in);
  call.write(1, {{"op", "transpose"}, {"permutation", permutation}}, {input}, out);
}

}  // namespace

void read_transpose(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  const std::size_t dimensions = config.size("dims");
  if (dimensions > 8) call.refuse(std::to_string(dimensions) + " axes", "1..8");
  const Shape in = read_axes(call, config.name() + "_from_shape", dimensions, kMaxWords);
  write_transpose(call, in, read_axes(call, config.name() + "_perm", dimensions, 7));
}

// hls4ml 1.0 and earlier.
void read_transpose_2d(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  write_transpose(call, {config.size("height"), config.size("width")}, {1, 0});
}

void read_transpose_3d(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  const Shape in = {config.size("depth"), config.size("height"), config.size("width")};
  const Range body = config.structure().body;
  Cursor cursor(body);
  while (!cursor.done() && !(cursor.peek() == "perm" && cursor.peek(1) == "[")) cursor.next();
  cursor.until("{");
  if (cursor.done()) call.refuse("no 'perm'", "an array of axes");
  write_transpose(call, in, read_numbers(call, cursor.balanced("{", "}"), 3, 2));
}

void read_repack_stream(const Call& call) {
  call.expect_arguments(2, 2);
  if (call.templates.size() != 3) call.refuse(std::to_string(call.templates.size()) + " template arguments", "3");
  const std::int64_t words = call.project->declarations.integer(call.templates[2]);
  if (words < 1 || words > static_cast<std::int64_t>(kMaxWords))
    call.refuse(std::to_string(words) + " words", "1..2^24");
  const Shape shape = {static_cast<std::size_t>(words)};
  const std::string input = call.read(0, shape);
  call.write(1, {{"op", "cast"}}, {input}, shape);
}

// clone_stream<data_t, res_t, words>(data, copy1, copy2[, copy3])
void read_clone_stream(const Call& call) {
  call.expect_arguments(3, 4);
  if (call.templates.size() != 3) call.refuse(std::to_string(call.templates.size()) + " template arguments", "3");
  const std::int64_t words = call.project->declarations.integer(call.templates[2]);
  if (words < 1 || words > static_cast<std::int64_t>(kMaxWords))
    call.refuse(std::to_string(words) + " words", "1..2^24");
  call.expect_same_packs({0, 1, 2});
  const std::string source = call.name(0);
  call.read(0, call.graph().shape(source, static_cast<std::size_t>(words), call.where));
  for (std::size_t i = 1; i < call.arguments.size(); ++i) call.graph().copy(call.name(i), source, call.where);
}

// print_result<T, n>(tensor, std::cout): prints. On a stream it would take what the next layer should read.
void read_print_result(const Call& call) {
  call.expect_arguments(2, 3);
  if (call.is_stream(0)) call.refuse("print_result of a stream, which empties it", "an array");
}

// Writes a tensor into a file while simulating; a stream is read and written back.
void read_save_layer_output(const Call& call) { call.expect_arguments(2, 3); }

void read_embedding(const Call& call) {
  call.expect_arguments(3, 3);
  const Config config = call.config();
  const std::size_t n_in = config.size("n_in");
  const std::size_t n_out = config.size("n_out");
  const std::size_t rows = config.size("vocab_size");
  if (rows > kMaxWords / n_out) call.refuse("a table beyond 2^24 words");
  const WeightArray table = call.project->weights.read(call.name(2), rows * n_out, call.where);
  call.expect_channels(0, n_in);
  call.expect_channels(1, n_out);
  const std::string input = call.read(0, {n_in});
  call.write(1, {{"op", "embedding"}, {"table", constant(table.type.fixed, {rows, n_out}, table.raw)}}, {input},
             {n_in, n_out});
}

}  // namespace vigil::fpga_model::hls4ml
