#include <iostream>

#include "anomaly.h"
#include "parameters.h"


void anomaly(
    input_t codes[57],
    result_t layer11_out[1]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=codes complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer11_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=codes,layer11_out 
    #pragma HLS PIPELINE

    // hls-fpga-machine-learning insert load weights

    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    layer2_t layer2_out[57];
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0

    layer3_t layer3_out[28];
    #pragma HLS ARRAY_PARTITION variable=layer3_out complete dim=0

    layer5_t layer5_out[28];
    #pragma HLS ARRAY_PARTITION variable=layer5_out complete dim=0

    layer6_t layer6_out[12];
    #pragma HLS ARRAY_PARTITION variable=layer6_out complete dim=0

    layer8_t layer8_out[12];
    #pragma HLS ARRAY_PARTITION variable=layer8_out complete dim=0

    layer9_t layer9_out[6];
    #pragma HLS ARRAY_PARTITION variable=layer9_out complete dim=0

    nnet::normalize<input_t, layer2_t, config2>(codes, layer2_out, s2, b2); // scaling

    nnet::dense<layer2_t, layer3_t, config3>(layer2_out, layer3_out, w3, b3); // encode_1

    nnet::relu<layer3_t, layer5_t, relu_config5>(layer3_out, layer5_out); // encode_1_relu

    nnet::dense<layer5_t, layer6_t, config6>(layer5_out, layer6_out, w6, b6); // encode_2

    nnet::relu<layer6_t, layer8_t, relu_config8>(layer6_out, layer8_out); // encode_2_relu

    nnet::dense<layer8_t, layer9_t, config9>(layer8_out, layer9_out, w9, b9); // means

    nnet::dot1d<layer9_t, layer9_t, result_t, config11>(layer9_out, layer9_out, layer11_out); // score

}

