// A library as the CMS emulators are: what library_fuzz damages. It is read, never run.
#include <any>
#include <array>

struct Model {
  virtual void prepare_input(std::any input) { input_ = std::any_cast<std::array<float, 4>*>(input)[0]; }
  virtual void predict() { score_ = input_[0]; }
  virtual void read_result(std::any result) { *std::any_cast<double*>(result) = score_; }
  virtual ~Model() = default;
  std::array<float, 4> input_{};
  double score_ = 0;
};

extern "C" Model* create_model() { return new Model; }
extern "C" void destroy_model(Model* model) { delete model; }
std::any holder(double* score) { return std::any(score); }
