#ifndef ANOMALY_H_
#define ANOMALY_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"


// Prototype of top level function for C-synthesis
void anomaly(
    input_t codes[57],
    result_t layer11_out[1]
);

// hls-fpga-machine-learning insert emulator-defines


#endif
