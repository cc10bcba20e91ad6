FESTIVAL={}; ITALIAN={}
def translate(a,b): return a
