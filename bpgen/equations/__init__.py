"""What is seen in equations, by every stage that looks at them: the grammar is `bpgen.ir`.

`admissible` says which formulas are equations, `affine` takes indices apart, `contraction` finds
sums of products, `pieces` what one step of a loop writes, `softmaxes` the softmaxes, `separable`
whether a sample stands for itself; `substitution` puts one thing for another, `letters` names the
indices.
"""
