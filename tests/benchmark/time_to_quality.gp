# Draws quality against seconds of training from data/results/time_to_quality.csv, as data/results/time_to_quality.svg:
#   gnuplot tests/benchmark/time_to_quality.gp
set encoding utf8
set datafile separator comma
set terminal svg noenhanced size 1000,460 font 'Helvetica,Arial,sans-serif,14' background rgb 'white'
set output 'data/results/time_to_quality.svg'
programs = '"gemel: least squares" "gemel: warm start" "gemel: from random numbers" "implicit 0.7.3"'
colours = '#0072b2 #009e73 #e69f00 #d55e00'
points(data, program) = sprintf("< grep '^%s,%s,' data/results/time_to_quality.csv", data, program)
set logscale x
set xlabel 'seconds of training on two cores'
set ylabel 'NDCG@20'
set grid
set key bottom right
set multiplot layout 1,2
set xrange [0.5:200]
set title 'MovieLens-1M'
plot for [i in '1 3 4'] points('MovieLens-1M', word(programs, i + 0)) using 3:5 \
  with linespoints pointtype 7 linewidth 2 linecolor rgb word(colours, i + 0) title word(programs, i + 0)
set xrange [0.5:500]
set title 'Gowalla'
plot for [i = 1:4] points('Gowalla', word(programs, i)) using 3:5 \
  with linespoints pointtype 7 linewidth 2 linecolor rgb word(colours, i) title word(programs, i)
unset multiplot
