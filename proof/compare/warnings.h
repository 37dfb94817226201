/* warnings.h: warnings that the figures themselves give. */
#ifndef COMPARE_WARNINGS_H
#define COMPARE_WARNINGS_H

#include "results.h"

/** Once the contract has shown the sizes of the answers: who does other work. */
void warnings_of_work(struct compare_results *r);
/** After the rounds: clients without CPU left (`client_bound`: in how many rounds, [service][metric]), trends,
 *  and controls that differ from their originals. */
void warnings_of_rounds(struct compare_results *r, const int *client_bound);

#endif
