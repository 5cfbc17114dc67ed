//Numpy array shape [6]
//Min -0.125000000000
//Max 0.093750000000
//Number of zeros 1

#ifndef B9_H_
#define B9_H_

means_bias_t b9[6] = {-0.06250, 0.06250, 0.03125, 0.00000, 0.09375, -0.12500};


#endif
