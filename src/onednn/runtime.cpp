#include "onednn/runtime.hpp"

#include <fmt/format.h>
#include <omp.h>
#include <xxhash.h>

#include <array>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>

#include "base/error.hpp"
#include "tensor/aligned_vector.hpp"

namespace gemel::onednn {
namespace {

struct ProductShape {
  dnnl_dim_t rows;
  dnnl_dim_t inner;
  dnnl_dim_t cols;
  bool transpose_left;
  bool transpose_right;
  bool accumulate;
  bool bias;
  bool relu;

  bool operator==(const ProductShape&) const = default;
};

struct ProductShapeHash {
  std::size_t operator()(const ProductShape& shape) const {
    const std::array<std::int64_t, 4> words = {shape.rows, shape.inner, shape.cols,
                                               shape.transpose_left | shape.transpose_right << 1 |
                                                   shape.accumulate << 2 | shape.bias << 3 | shape.relu << 4};
    return XXH3_64bits(words.data(), sizeof(words));
  }
};

dnnl::memory::desc matrix_descriptor(dnnl_dim_t rows, dnnl_dim_t cols, bool transposed) {
  const dnnl::memory::dims strides = transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{cols, 1};
  return {{rows, cols}, dnnl::memory::data_type::f32, strides};
}

dnnl::primitive_attr attributes(const ProductShape& shape) {
  dnnl::post_ops after;
  if (shape.accumulate) after.append_sum(1.0F);
#if DNNL_VERSION_MAJOR >= 3
  if (shape.relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#else
  if (shape.relu) after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#endif
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::matmul::primitive_desc describe(const ProductShape& shape, const dnnl::engine& engine) {
  const auto left = matrix_descriptor(shape.rows, shape.inner, shape.transpose_left);
  const auto right = matrix_descriptor(shape.inner, shape.cols, shape.transpose_right);
  const auto result = matrix_descriptor(shape.rows, shape.cols, false);
  const auto bias = shape.bias ? matrix_descriptor(1, shape.cols, false) : dnnl::memory::desc();
#if DNNL_VERSION_MAJOR >= 3
  return {engine, left, right, bias, result, attributes(shape)};
#else
  return {dnnl::matmul::desc(left, right, bias, result), attributes(shape), engine};
#endif
}

/// A matmul primitive with the memory objects that its execution takes; only their data pointers change between calls.
class Product {
 public:
  Product(const ProductShape& shape, const dnnl::engine& engine) {
    const auto description = describe(shape, engine);
    primitive_ = dnnl::matmul(description);
    scratchpad_bytes_ = description.scratchpad_desc().get_size();
    memories_ = {dnnl::memory(description.src_desc(), engine, nullptr),
                 dnnl::memory(description.weights_desc(), engine, nullptr),
                 dnnl::memory(description.dst_desc(), engine, nullptr),
                 dnnl::memory(description.scratchpad_desc(), engine, nullptr)};
    constexpr std::array<int, 5> names = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD,
                                          DNNL_ARG_BIAS};
    if (shape.bias) memories_.emplace_back(matrix_descriptor(1, shape.cols, false), engine, nullptr);
    for (std::size_t i = 0; i < memories_.size(); ++i) arguments_.push_back({names[i], memories_[i].get()});
  }

  std::size_t scratchpad_bytes() const { return scratchpad_bytes_; }

  void run(const dnnl::stream& stream, const float* left, const float* right, const float* bias,
           float* result, void* scratchpad) {
    // oneDNN takes only mutable pointers; it does not write to the operands.
    memories_[0].set_data_handle(const_cast<float*>(left));
    memories_[1].set_data_handle(const_cast<float*>(right));
    memories_[2].set_data_handle(result);
    memories_[3].set_data_handle(scratchpad);
    if (memories_.size() > 4) memories_[4].set_data_handle(const_cast<float*>(bias));
    // The C call takes the prepared arguments as they are; the C++ one would copy a map on every call.
    const auto status = dnnl_primitive_execute(primitive_.get(), stream.get(),
                                               static_cast<int>(arguments_.size()), arguments_.data());
    base::require(status == dnnl_success, "onednn: a matrix product failed");
  }

 private:
  dnnl::matmul primitive_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::size_t scratchpad_bytes_ = 0;
};

dnnl_dim_t dimension(std::size_t size) {
  return static_cast<dnnl_dim_t>(size);
}

}  // namespace

struct Executor::Cache {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::unordered_map<ProductShape, Product, ProductShapeHash> products;
  tensor::AlignedVector<std::byte> scratchpad;

  void run(const ProductShape& shape, const float* left, const float* right, const float* bias,
           float* result) {
    if (shape.rows == 0 || shape.cols == 0) return;
    auto found = products.find(shape);
    if (found == products.end()) found = products.try_emplace(shape, shape, engine).first;
    Product& product = found->second;
    if (scratchpad.size() < product.scratchpad_bytes()) scratchpad.resize(product.scratchpad_bytes());
    product.run(stream, left, right, bias, result, scratchpad.data());
  }
};

Executor::Executor() : cache_(std::make_unique<Cache>()) {}
Executor::~Executor() = default;
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;

void Executor::multiply(tensor::ConstMatrixView left, Transpose transpose_left, tensor::ConstMatrixView right,
                        Transpose transpose_right, tensor::MatrixView result, Write write) {
  const bool left_transposed = transpose_left == Transpose::yes;
  const bool right_transposed = transpose_right == Transpose::yes;
  const std::size_t inner = left_transposed ? left.rows() : left.cols();
  base::require((left_transposed ? left.cols() : left.rows()) == result.rows() &&
                    (right_transposed ? right.cols() : right.rows()) == inner &&
                    (right_transposed ? right.rows() : right.cols()) == result.cols(),
                "onednn: shapes of a matrix product do not fit");
  cache_->run({dimension(result.rows()), dimension(inner), dimension(result.cols()), left_transposed,
               right_transposed, write == Write::accumulate, false, false},
              left.data(), right.data(), nullptr, result.data());
}

void Executor::multiply_add_row(tensor::ConstMatrixView left, tensor::ConstMatrixView right,
                                Transpose transpose_right, std::span<const float> bias,
                                tensor::MatrixView result) {
  const bool transposed = transpose_right == Transpose::yes;
  base::require(left.rows() == result.rows() && (transposed ? right.cols() : right.rows()) == left.cols() &&
                    (transposed ? right.rows() : right.cols()) == result.cols() &&
                    bias.size() == result.cols(),
                "onednn: shapes of a matrix product do not fit");
  cache_->run({dimension(result.rows()), dimension(left.cols()), dimension(result.cols()), false, transposed,
               false, true, false},
              left.data(), right.data(), bias.data(), result.data());
}

void Executor::dense(tensor::ConstMatrixView input, tensor::ConstMatrixView kernel,
                     std::span<const float> bias, Activation activation, tensor::MatrixView output) {
  base::require(input.rows() == output.rows() && input.cols() == kernel.rows() &&
                    kernel.cols() == output.cols() && bias.size() == output.cols(),
                "onednn: shapes of a dense layer do not fit");
  cache_->run({dimension(output.rows()), dimension(input.cols()), dimension(output.cols()), false, false,
               false, true, activation == Activation::relu},
              input.data(), kernel.data(), bias.data(), output.data());
}

Runtime::Runtime(int threads) {
  base::require(threads >= 1, "onednn: at least one thread");
  omp_set_num_threads(1);
  executors_.resize(static_cast<std::size_t>(threads));
}

std::string Runtime::version() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

std::string Runtime::instruction_set() {
  using dnnl::cpu_isa;
  const cpu_isa set = dnnl::get_effective_cpu_isa();
  switch (set) {
    case cpu_isa::sse41:
      return "SSE4.1";
    case cpu_isa::avx:
      return "AVX";
    case cpu_isa::avx2:
      return "AVX2";
    case cpu_isa::avx2_vnni:
      return "AVX2 VNNI";
    case cpu_isa::avx512_core:
      return "AVX-512";
    case cpu_isa::avx512_core_vnni:
      return "AVX-512 VNNI";
    case cpu_isa::avx512_core_bf16:
      return "AVX-512 bf16";
    case cpu_isa::avx512_core_amx:
      return "AVX-512 AMX";
    default:
      // "all" is told of a processor without SSE4.1, or of another kind.
      return set == cpu_isa::all ? "baseline" : fmt::format("set {:#x}", static_cast<unsigned>(set));
  }
}

}  // namespace gemel::onednn
