#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <array>
#include <cstddef>
#include <cstdio>
#include <tuple>
#include <tuple>


// hls-fpga-machine-learning insert numbers

// hls-fpga-machine-learning insert layer-precision
typedef ap_fixed<18,13> input_t;
typedef ap_fixed<10,5,AP_TRN,AP_SAT,0> layer2_t;
typedef ap_ufixed<8,1> scaling_scale_t;
typedef ap_fixed<18,11> scaling_bias_t;
typedef ap_fixed<24,14> encode_1_accum_t;
typedef ap_fixed<24,14> layer3_t;
typedef ap_fixed<8,3> encode_1_weight_t;
typedef ap_fixed<10,5> encode_1_bias_t;
typedef ap_uint<1> layer3_index;
typedef ap_ufixed<10,5,AP_RND_CONV,AP_SAT,0> layer5_t;
typedef ap_fixed<18,8> encode_1_relu_table_t;
typedef ap_fixed<24,14> encode_2_accum_t;
typedef ap_fixed<24,14> layer6_t;
typedef ap_fixed<8,3> encode_2_weight_t;
typedef ap_fixed<10,5> encode_2_bias_t;
typedef ap_uint<1> layer6_index;
typedef ap_ufixed<10,5,AP_RND_CONV,AP_SAT,0> layer8_t;
typedef ap_fixed<18,8> encode_2_relu_table_t;
typedef ap_fixed<24,14> means_accum_t;
typedef ap_fixed<10,4,AP_RND_CONV,AP_SAT,0> layer9_t;
typedef ap_fixed<8,3> means_weight_t;
typedef ap_fixed<10,5> means_bias_t;
typedef ap_uint<1> layer9_index;
typedef ap_ufixed<16,10> score_accum_t;
typedef ap_ufixed<16,10> result_t;

// hls-fpga-machine-learning insert emulator-defines


#endif
