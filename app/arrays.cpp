#include "app/arrays.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "core/error.h"

namespace vigil::app {

fpga_model::NpyArray read_vector(const std::string& file) {
  auto array = fpga_model::read_npy(file);
  if (array.shape.size() != 1) {
    throw Error(file, "an array of " + std::to_string(array.shape.size()) + " dimensions", "1");
  }
  return array;
}

std::vector<double> reals(fpga_model::NpyArray array) {
  return array.is_integer ? std::vector<double>(array.integers.begin(), array.integers.end()) : std::move(array.reals);
}

EventArray read_events(const std::string& file, const ModelInfo& model) {
  fpga_model::NpyArray array = fpga_model::read_npy(file);
  const std::size_t columns = model.inputs.size();
  if (array.shape.size() != 2 || array.shape[1] != columns) {
    std::string shape;
    for (const std::size_t d : array.shape) shape += (shape.empty() ? "" : ",") + std::to_string(d);
    throw Error(file, "shape [" + shape + "]", "[n," + std::to_string(columns) + "], the inputs of " + model.name);
  }
  EventArray events{array.shape[0], std::move(array.integers)};
  if (!array.is_integer) {
    events.words.resize(array.reals.size());
    for (std::size_t i = 0; i < array.reals.size(); ++i) {
      try {
        events.words[i] = cast_real(array.reals[i], model.inputs[i % columns].type);
      } catch (const Error& e) {
        throw Error(file + ": row " + std::to_string(i / columns) + ", column " + std::to_string(i % columns),
                    e.what());
      }
    }
    return events;
  }
  for (std::size_t i = 0; i < events.words.size(); ++i) {
    const FixedPoint& type = model.inputs[i % columns].type;
    if (type.holds(events.words[i])) continue;
    throw Error(file + ": row " + std::to_string(i / columns) + ", column " + std::to_string(i % columns) + " (" +
                    model.inputs[i % columns].name + ")",
                "word " + std::to_string(events.words[i]),
                "a raw word of " + to_string(type) + ", " + std::to_string(type.lowest()) + " to " +
                    std::to_string(type.highest()));
  }
  return events;
}

void for_each_piece(std::size_t rows, unsigned jobs, std::size_t piece,
                    const std::function<void(std::size_t first, std::size_t last)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto loop = [&] {
    try {
      for (std::size_t first = next.fetch_add(piece); first < rows; first = next.fetch_add(piece)) {
        work(first, std::min(rows, first + piece));
      }
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = rows;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < jobs; ++i) threads.emplace_back(loop);
  loop();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace vigil::app
