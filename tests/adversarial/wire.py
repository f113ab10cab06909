def outcomes(constc, here):
    return []
